package hail_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hail/report"
	"hail/runner"
	"hail/runner/action/check"
)

var (
	link   = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	call   = regexp.MustCompile(`(?m)(?:^|\x60)hail +([a-z]+)\b(?:(.*?)(?: -- .*)?)?(?:\x60|#|$)`) // of hail: the command, and its arguments
	option = regexp.MustCompile(` (--?[a-zA-Z][a-z-]*)`)
	fence  = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$") // the language, the name of a file, and the text of a block
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocs holds the documentation against the program.
func TestDocs(t *testing.T) {
	dependOnSources(t)
	bin := filepath.Join(t.TempDir(), "hail")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", bin, "./cmd/hail").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("names", func(t *testing.T) { names(t, bin, append(docs, "README.md", "CONTRIBUTING.md")) })
	t.Run("examples", func(t *testing.T) { examples(t, bin, docs) })
}

// names checks that every command, option and linked file in the documentation exists.
func names(t *testing.T, bin string, docs []string) {
	help := map[string]string{}
	for _, doc := range docs {
		text := read(t, doc)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			command := m[1]
			if command == "help" {
				continue
			}
			if help[command] == "" {
				out, err := exec.Command(bin, "help", command).Output()
				if err != nil {
					if strings.HasPrefix(m[0], "`") || strings.Contains(m[0], " -") {
						t.Errorf("%s: there is no hail %s", doc, command)
					}
					continue
				}
				help[command] = string(out)
			}
			for _, o := range option.FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`(?m)(^|[ ,])` + o[1] + `([ ,]|$)`).MatchString(help[command]) {
					t.Errorf("%s: hail %s has no %s", doc, command, o[1])
				}
			}
		}
	}
	if len(help) < 5 {
		t.Errorf("only %d commands were found in the documentation, want 5 or more", len(help))
	}
}

// examples runs the examples in docs. A block with a file name after its language is written to that file. In a console
// block, each line that begins with "$ " is a command, followed by its expected output.
func examples(t *testing.T, bin string, docs []string) {
	ran := 0
	for _, doc := range docs {
		dir := t.TempDir()
		for _, m := range fence.FindAllStringSubmatch(read(t, doc), -1) {
			language, name, body := m[1], m[2], m[3]
			switch {
			case name != "":
				mode := os.FileMode(0o600)
				if strings.HasPrefix(body, "#!") {
					mode = 0o700
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(body), mode); err != nil {
					t.Fatal(err)
				}
			case language == "console":
				ran += runConsole(t, doc, dir, filepath.Dir(bin), body)
			}
		}
	}
	if ran < 10 {
		t.Errorf("only %d examples were run, want 10 or more", ran)
	}
}

// TestTablesInDocs: every row of a table has the cells of its head. A | in a cell, also in code, would begin another one.
func TestTablesInDocs(t *testing.T) {
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range append(docs, "README.md", "CONTRIBUTING.md") {
		before := 0
		for i, line := range strings.Split(read(t, doc), "\n") {
			bars := 0
			if strings.HasPrefix(line, "|") {
				bars = strings.Count(line, "|") - strings.Count(line, `\|`)
			}
			if before > 0 && bars > 0 && bars != before {
				t.Errorf("%s:%d: %d bars, not %d", doc, i+1, bars, before)
			}
			before = bars
		}
	}
}

// TestChecksInDocs reads all checks and waivers shown in docs/checks.md.
func TestChecksInDocs(t *testing.T) {
	found := 0
	for _, m := range fence.FindAllStringSubmatch(read(t, "docs/checks.md"), -1) {
		if m[1] != "yaml" {
			continue
		}
		found++
		var err error
		if strings.HasPrefix(m[3], "waivers:") {
			_, err = check.ReadWaivers("docs/checks.md", []byte(m[3]))
		} else {
			_, err = check.Read([]string{"docs/checks.md"}, func(string) ([]byte, error) { return []byte(m[3]), nil })
		}
		if err != nil {
			t.Errorf("%v in\n%s", err, m[3])
		}
	}
	if found < 4 {
		t.Errorf("only %d examples of checks and waivers were found, want 4 or more", found)
	}
}

// TestListsInDocs: each format of reports has its row in docs/reports.md, and each status and reason is in README.md.
func TestListsInDocs(t *testing.T) {
	inDoc(t, "docs/reports.md", "\n| `%s` |", report.FormatNames())
	inDoc(t, "README.md", "\n| `%s` |", runner.Statuses)
	inDoc(t, "README.md", "`%s`", reasons(t))
}

func inDoc[S ~string](t *testing.T, doc, pattern string, names []S) {
	t.Helper()
	text := read(t, doc)
	for _, name := range names {
		if want := fmt.Sprintf(pattern, name); !strings.Contains(text, want) {
			t.Errorf("%s does not have %s", doc, strings.TrimSpace(want))
		}
	}
}

// reasons returns the reasons that runner declares.
func reasons(t *testing.T) (all []string) {
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ +Reason = "(.*?)"`).FindAllStringSubmatch(read(t, "runner/status.go"), -1) {
		all = append(all, m[1])
	}
	if len(all) < 20 {
		t.Errorf("only %d reasons were found in runner/status.go, want 20 or more", len(all))
	}
	return all
}

// runConsole runs the commands of a console block, and returns their number.
func runConsole(t *testing.T, doc, dir, bin, block string) int {
	commands := strings.Split("\n"+block, "\n$ ")[1:]
	for _, c := range commands {
		line, want, _ := strings.Cut(strings.TrimSuffix(c, "\n"), "\n")
		run := exec.Command("sh", "-c", line)
		run.Dir = dir
		run.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "HAIL_INVENTORY=")
		out, err := run.CombinedOutput()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != want {
			t.Errorf("%s: %s: error %v, output\n%s\nwant\n%s", doc, line, err, got, want)
		}
	}
	return len(commands)
}
