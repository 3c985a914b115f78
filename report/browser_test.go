package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestTortureBrowser opens the HTML report in a real Chromium: a small run, one with hostile output, and one of 10,000
// hosts.
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
	r := reportOf(t, true)
	r.Hosts[0].Ended = r.Hosts[0].Began.Add(119_600 * time.Millisecond)
	if err := r.WriteFile(small, Formats["html"]); err != nil {
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

// BenchmarkFormats writes a run of 10,000 hosts, with 1000 bytes of output each, in each format.
func BenchmarkFormats(b *testing.B) {
	r := manyHosts(10_000)
	for _, name := range FormatNames() {
		if name == "jsonl" {
			continue // jsonl only copies the journal
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
