package sshconn

import (
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
		"[":          "",
	} {
		if got := choose(list, usual, implemented); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s is %v, want %s", list, got, want)
		}
	}
}
