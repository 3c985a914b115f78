package report

import (
	"strings"
	"testing"

	"hail/runner"
)

// TestDiffOfLeftOut: outputs are the same only if what --max-output left out of them was, too; colours make no
// difference.
func TestDiffOfLeftOut(t *testing.T) {
	run := func(printed string, length int64, checksum uint32) *Report {
		s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, nil, map[string]string{"web1": printed})
		if length > 0 {
			s.Hosts[0].Stderr = Output{length, checksum}
		}
		return &Report{Summary: s, Files: files}
	}
	a := run("kept\n", 1000, 1)
	for _, row := range []struct {
		printed  string
		length   int64
		checksum uint32
		want     string
	}{
		{"kept\n", 1000, 1, "the same: web1\n"},
		{"kept\n", 1000, 2, "-995 of 1000 bytes left out (CRC32C of all 00000001)\n+995 of 1000 bytes left out (CRC32C of all 00000002)\n"},
		{"kept\n", 0, 0, "-995 of 1000 bytes left out (CRC32C of all 00000001)\n"},
	} {
		b := run(row.printed, row.length, row.checksum)
		var text strings.Builder
		if err := Diff(&text, a, b, Gathering{}, Style{}); err != nil || !strings.HasSuffix(text.String(), row.want) {
			t.Errorf("%+v: %v, %q", row, err, text.String())
		}
	}
	plain := run("ok\n", 0, 0)
	colored := run("\x1b[32mok\x1b[0m\n", 0, 0)
	var text strings.Builder
	if err := Diff(&text, plain, colored, Gathering{}, Style{}); err != nil || text.String() != "the same: web1\n" {
		t.Errorf("colours: %v, %q", err, text.String())
	}
}

// TestDiffAlike: with alike, hosts differ in the same way also where the difference has their own names in it, and a name
// in it that is only one host's own changes nothing.
func TestDiffAlike(t *testing.T) {
	hosts := []Result{{Host: "web1", Status: runner.OK}, {Host: "web2", Status: runner.OK}, {Host: "web3", Status: runner.OK}}
	run := func(printed map[string]string) *Report {
		s, files := fleet(hosts, printed, nil)
		return &Report{Summary: s, Files: files}
	}
	a := run(map[string]string{"web1": "web1 up\n", "web2": "web2 up\n", "web3": "web3 up\n"})
	for _, row := range []struct {
		printed map[string]string
		alike   bool
		want    string
	}{
		{map[string]string{"web1": "web1 down\n", "web2": "web2 down\n", "web3": "web3 up\n"}, true, "── web[1-2] (2)\n@@ -1 +1 @@\n-{host} up\n+{host} down\nthe same: web3\n"},
		{map[string]string{"web1": "web1 down\n", "web2": "web2 up\n", "web3": "web3 up\n"}, true, "── web1\n@@ -1 +1 @@\n-web1 up\n+web1 down\nthe same: web[2-3] (2)\n"},
		{map[string]string{"web1": "web1 down\n", "web2": "web2 down\n", "web3": "web3 up\n"}, false, "── web1\n@@ -1 +1 @@\n-web1 up\n+web1 down\n── web2\n@@ -1 +1 @@\n-web2 up\n+web2 down\nthe same: web3\n"},
	} {
		b := run(row.printed)
		var text strings.Builder
		if err := Diff(&text, a, b, Gathering{Alike: row.alike}, Style{}); err != nil || text.String() != row.want {
			t.Errorf("%v, got\n%swant\n%s", err, text.String(), row.want)
		}
	}
	a = run(map[string]string{"web1": "to web2\n", "web2": "to web2\n", "web3": "to web2\n"})
	b := run(map[string]string{"web1": "to web1\n", "web2": "to web1\n", "web3": "to web1\n"})
	var text strings.Builder
	if err := Diff(&text, a, b, Gathering{Alike: true}, Style{}); err != nil || text.String() != "── web[1-3] (3)\n@@ -1 +1 @@\n-to web2\n+to web1\n" {
		t.Errorf("%v, %s", err, text.String())
	}
}
