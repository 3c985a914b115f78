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
