package hail_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs checks what the documentation shows: every command and option exists, and every file that is linked.
func TestDocs(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "hail")
	if out, err := exec.Command("go", "build", "-o", bin, "./cmd/hail").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	help := map[string]string{}
	for _, doc := range append(docs, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`(?m)(?:^|\x60)hail +([a-z]+)\b(?:(.*?)(?: -- .*)?)?(?:\x60|#|$)`).FindAllStringSubmatch(string(text), -1) {
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
			for _, option := range regexp.MustCompile(`(?: )(--?[a-zA-Z][a-z-]*)`).FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`(?m)(^|[ ,])` + option[1] + `([ ,]|$)`).MatchString(help[command]) {
					t.Errorf("%s: hail %s has no %s", doc, command, option[1])
				}
			}
		}
	}
	if len(help) < 5 {
		t.Errorf("only %d commands were found in the documentation", len(help))
	}

	out, err := exec.Command(bin, "hosts", "-i", "examples/inventory/fleet.yaml", "-w", "@prod!web[05-20].example.com", "--fold").CombinedOutput()
	if want := "db[1-2] web21 web[01-04].example.com\n"; err != nil || string(out) != want {
		t.Errorf("the example of docs/inventory.md prints %q, %v, want %q", out, err, want)
	}
}
