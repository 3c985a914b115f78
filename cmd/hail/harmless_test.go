package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// TestHostileInventory: whoever wrote an inventory does not reach the terminal, nor add lines of their own to what is
// shown of a plan.
func TestHostileInventory(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"vars.yaml": `hosts: {web1: {address: 127.0.0.1, vars: {x: "a\e]0;b\a\u009b2J\u202e", y: "a\nhosts    web9 (1)"}}}`,
		"hosts.ini": "web1 ansible_ssh_extra_args='-o StrictHostKeyChecking=\u202eno'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		"run -i vars.yaml -a --dry-run --template -- echo {{.vars.x}}",
		"run -i vars.yaml -a --dry-run --template -- echo {{.vars.y}}",
		"hosts -i vars.yaml -a --csv",
		"hosts -i hosts.ini -a",
	} {
		e, stdout, stderr := environmentIn(dir, strings.Replace(args, "-i ", "-i "+dir+"/", 1))
		e.stdoutTerminal = true
		if code := run(e); code != exitOK {
			t.Fatalf("%s: exit %d, %s", args, code, stderr)
		}
		shown := stdout.String() + stderr.String()
		if i := strings.IndexFunc(shown, func(r rune) bool {
			return r != '\n' && unicode.IsOneOf([]*unicode.RangeTable{unicode.Cc, unicode.Cf}, r)
		}); i >= 0 {
			t.Errorf("%s: %q is shown", args, shown[i:])
		}
		if n := strings.Count("\n"+shown, "\nhosts "); n > 1 {
			t.Errorf("%s: %d lines say which hosts are in the plan:\n%s", args, n, shown)
		}
	}
}
