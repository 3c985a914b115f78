package report

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hail/runner"
)

// manyHosts makes a run of n hosts with a kilobyte of output each, all different.
func manyHosts(n int) *Report {
	var results []Result
	out := map[string]string{}
	for i := range n {
		name := fmt.Sprintf("node%05d", i)
		status := runner.OK
		if i%37 == 0 {
			status = runner.Unreachable
		}
		results = append(results, Result{Host: name, Status: status})
		out[name] = fmt.Sprintf("%0999d\n", i)
	}
	s, files := fleet(results, out, nil)
	return &Report{Summary: s, Files: files}
}

// TestTortureBrowser uses the page in a real Chromium: small, with output that means harm, and with 10,000 hosts.
func TestTortureBrowser(t *testing.T) {
	if os.Getenv("HAIL_TORTURE") == "" {
		t.Skip("make torture has a browser")
	}
	tools, err := filepath.Abs("../.tools")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	small, hostile, big := filepath.Join(dir, "small.html"), filepath.Join(dir, "hostile.html"), filepath.Join(dir, "big.html")
	if err := reportOf(t, true).WriteFile(small, Formats["html"]); err != nil {
		t.Fatal(err)
	}
	if err := hostileReport().WriteFile(hostile, Formats["html"]); err != nil {
		t.Fatal(err)
	}
	if err := manyHosts(10_000).WriteFile(big, Formats["html"]); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "testdata/browser.mjs", tools, small, hostile, big).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%v (it needs node, Debian's chromium, and npm install --prefix .tools playwright-core)", err)
	}
}

// BenchmarkFormats writes each format of a run of 10,000 hosts with a kilobyte of output each.
func BenchmarkFormats(b *testing.B) {
	r := manyHosts(10_000)
	for _, name := range FormatNames() {
		if name == "jsonl" {
			continue // a copy of the journal
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Formats[name](nowhere{}, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
