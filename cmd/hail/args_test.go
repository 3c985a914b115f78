package main

import (
	"reflect"
	"testing"
)

func TestOptionsFirst(t *testing.T) {
	cmd := runCommand(environment{})
	for _, tt := range []struct {
		args, want []string
		wrong      string
	}{
		{[]string{"-w", "a", "uptime"}, []string{"-w", "a", "--", "uptime"}, ""},
		{[]string{"uptime", "-w", "a", "-q"}, nil, "-w comes after the command, and could be meant for it"},
		{[]string{"-w", "a", "ls", "-la"}, nil, "-la comes after the command, and could be meant for it"},
		{[]string{"-w", "a", "df", "-h"}, nil, "-h comes after the command, and could be meant for it"},
		{[]string{"-w", "a", "echo", "-"}, []string{"-w", "a", "--", "echo", "-"}, ""},
		{[]string{"--target=a", "--", "ls", "-l"}, []string{"--target=a", "--", "ls", "-l"}, ""},
		{[]string{"-w", "--", "--", "x"}, []string{"-w", "--", "--", "x"}, ""},
		{[]string{"-"}, []string{"--", "-"}, ""},
		{[]string{"-f10", "-aq", "x"}, []string{"-f=10", "-a", "-q", "--", "x"}, ""},
		{[]string{"-qw", "a", "-wb,c"}, []string{"-q", "-w", "a", "-w=b,c", "--"}, ""},
		{[]string{"-z"}, nil, "hail run has no option -z"},
		{[]string{"-az"}, nil, "hail run has no option -az"},
		{[]string{"ls", "--all-of-it"}, nil, "--all-of-it comes after the command, and could be meant for it"},
		{[]string{"-f"}, nil, "-f needs a value"},
	} {
		got, err := optionsFirst(cmd, tt.args)
		if (err == nil) != (tt.wrong == "") || err != nil && err.Error() != tt.wrong || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %q, %v; want %q, %q", tt.args, got, err, tt.want, tt.wrong)
		}
	}
	want := []string{"-w", "a", "--", "last"}
	if got, err := optionsFirst(logsCommand(environment{}), []string{"last", "-w", "a"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("options after the argument of hail logs: %q, %v; want %q", got, err, want)
	}
}
