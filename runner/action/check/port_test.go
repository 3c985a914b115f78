package check

import (
	"os/exec"
	"strings"
	"testing"
)

// TestAddresses: addresses in /proc/net, of a little-endian machine, are written in the usual form.
func TestAddresses(t *testing.T) {
	for hex, want := range map[string]string{
		"0100007F":                         "127.0.0.1",
		"00000000":                         "0.0.0.0",
		"00000000000000000000000000000000": "::",
		"00000000000000000000000001000000": "::1",
		"0000000000000000FFFF00000100007F": "127.0.0.1",
		"B80D0120000000000000000001000000": "2001:db8::1",
		"B80D0120000001000000000000000000": "2001:db8:1::",
		"B80D0120010000000000000001000000": "2001:db8:0:1::1",
		"B80D0120010002000300040005000600": "2001:db8:2:1:4:3:6:5",
		"000080FE00000000FF005302A4E2FEFF": "fe80::253:ff:fffe:e2a4",
	} {
		functions, _, _ := strings.Cut(kinds["port"].probe, "probe_port")
		out, err := exec.Command("sh", "-c", functions+"\naddress "+hex).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %s", hex, got, err, want)
		}
	}
}
