package sshconn

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	usual, implemented := []string{"a1", "a2", "b1"}, []string{"a1", "a2", "b1", "weak1"}
	for list, want := range map[string]string{
		"a2,a1":      "a2 a1",
		"b1,unknown": "b1",
		"unknown":    "",
		"weak1":      "weak1",
		"+weak1":     "a1 a2 b1 weak1",
		"+a1":        "a1 a2 b1",
		"-a*":        "b1",
		"-unknown":   "a1 a2 b1",
		"^b1":        "b1 a1 a2",
		"^weak1,a2":  "weak1 a2 a1 b1",
		"a*":         "a1 a2",
		"[a]1":       "",
	} {
		if got := choose(list, usual, implemented); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s is %v, want %s", list, got, want)
		}
	}
}

// TestKnownHostKeysFirst: of several keys that are known for a host, the server is asked for them in ssh's order, in
// whichever order they are recorded: one of them may be out of date.
func TestKnownHostKeysFirst(t *testing.T) {
	const certs = "ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com "
	for kinds, want := range map[string]string{
		"":                                    certs + "ssh-ed25519 ecdsa-sha2-nistp256",
		"ssh-rsa":                             "rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512 rsa-sha2-256 ssh-ed25519 ecdsa-sha2-nistp256",
		"ssh-rsa ecdsa-sha2-nistp256":         "ecdsa-sha2-nistp256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ecdsa-sha2-nistp256 rsa-sha2-512 rsa-sha2-256 ssh-ed25519",
		"ecdsa-sha2-nistp256 ssh-ed25519":     "ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp256 @cert-authority": certs + "ecdsa-sha2-nistp256 ssh-ed25519",
		"unheard-of ecdsa-sha2-nistp521":      "ecdsa-sha2-nistp521-cert-v01@openssh.com ecdsa-sha2-nistp521 ssh-ed25519",
	} {
		h := knownHost{index: &knownHosts{}, host: "web1", port: 22}
		for kind := range strings.FieldsSeq(kinds) {
			if kind[0] == '@' {
				h.index.special = append(h.index.special, knownLine{marker: kind, names: []string{"web1"}})
			} else {
				h.keys = append(h.keys, knownKey{kind: kind})
			}
		}
		if got := strings.Join(h.algorithms(), " "); !strings.HasPrefix(got, want) {
			t.Errorf("%s: the order is\n%s, want\n%s first", kinds, got, want)
		}
	}
}

// TestOrderOfHostKeys: a host of which nothing is known is asked for its keys in the order in which ssh asks.
func TestOrderOfHostKeys(t *testing.T) {
	out, err := exec.Command("ssh", "-F", "none", "-G", "host").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(out), "\nhostkeyalgorithms ")
	list, _, _ = strings.Cut(list, "\n")
	want := slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return !slices.Contains(safe.HostKeys, name) })
	for _, got := range [][]string{knownHost{index: &knownHosts{}}.algorithms(), safe.HostKeys} {
		if len(want) == 0 || len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("the order is %s\nwant %s first", got, want)
		}
	}
}
