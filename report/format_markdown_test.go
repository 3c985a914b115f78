package report

import (
	"fmt"
	"strings"
	"testing"

	"hail/runner"
)

func TestMarkdownText(t *testing.T) {
	if got, want := mdText("~~a~~ &lt; *b* <c>"), `\~\~a\~\~ &amp;lt; \*b\* &lt;c>`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestSays: a report with room for one message says how many others there are.
func TestSays(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.Error, Error: "it is a device"}, {Host: "web2", Status: runner.Error, Error: "no parent"}, {Host: "web3", Status: runner.Error, Error: "no parent"},
		{Host: "web4", Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3, Error: "exit 3"}}, nil, nil)
	text := (&Report{Summary: s, Files: files}).written(t, "markdown")
	for _, want := range []string{`| error | web\[1-3] (3) | no parent (and 1 other message) |`, `| failed(exit 3) | web4 (1) |  |`} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not contain %q:\n%s", want, text)
		}
	}
}

// TestGroupsLeft: a report with room for some groups says how many others there are.
func TestGroupsLeft(t *testing.T) {
	var results []Result
	out := map[string]string{}
	for i := range mostGroups + 1 {
		name := fmt.Sprintf("web%d", i)
		results = append(results, Result{Host: name, Status: runner.OK})
		out[name] = name
	}
	s, files := fleet(results, out, nil)
	if text := (&Report{Summary: s, Files: files}).written(t, "markdown"); !strings.Contains(text, "\nThe record has 1 more group.\n") {
		t.Errorf("the report does not say that one group is left:\n%s", text)
	}
}
