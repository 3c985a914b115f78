package report

import (
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hail/inventory"
)

// TestFolders: every host has a folder of its own directly under hosts/, whatever its name.
func TestFolders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.OneOf(rapid.StringN(1, 300, -1), rapid.StringMatching(`(?i)(web|con|\.\.)[12]?`)), 1, 20, rapid.ID).Draw(t, "names")
		var hosts []inventory.Host
		for _, n := range names {
			hosts = append(hosts, inventory.Host{Name: n})
		}
		f := newHostFiles("run", hosts)
		seen := map[string]string{}
		for _, n := range names {
			dir := f.folder(n)
			key := strings.ToLower(dir)
			if other, ok := seen[key]; ok {
				t.Fatalf("%q and %q share %s", n, other, dir)
			}
			seen[key] = n
			if filepath.Dir(dir) != "run/hosts" || len(filepath.Base(dir)) > 160 || strings.ContainsAny(filepath.Base(dir), "/\\\x00\n ") {
				t.Fatalf("%q has the folder %q, which is not a plain name of up to 160 bytes in run/hosts", n, dir)
			}
		}
	})
}
