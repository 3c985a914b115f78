package report

import (
	"strings"
	"testing"

	"hail/runner"
)

// TestNotFinished: of a host that has not ended, each display says so in the same words.
func TestNotFinished(t *testing.T) {
	ended, _ := fleet([]Result{{Host: "web1", Status: runner.OK}}, nil, nil)
	going, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": "hi\n"}, nil)
	going.Hosts[0].Status, going.Hosts[0].Stdout = "", Output{}
	var diff, ping strings.Builder
	if err := Diff(&diff, going, ended, files, files, Style{}); err != nil {
		t.Fatal(err)
	}
	if want := "── web1\n-not finished yet\n+ok\n"; diff.String() != want {
		t.Errorf("the difference is %q, want %q", diff.String(), want)
	}
	if err := PingTable(&ping, going, Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(ping.String(), "\nweb1  not finished yet  ") {
		t.Errorf("the table of ping is\n%s", ping.String())
	}
	going.Hosts[0].Stdout = Output{Length: 3, Checksum: crcOf("hi\n")}
	if page := (&Report{Summary: going, Files: files}).written(t, "html"); strings.Count(page, `"how":"not finished yet"`) != 2 {
		t.Errorf("the page does not say it of the host and of its group:\n%s", page)
	}
}
