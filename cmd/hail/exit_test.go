package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"hail/report"
	"hail/runner"
)

func TestExitCode(t *testing.T) {
	type counts = map[runner.Status]int
	full := errors.New("the record is incomplete: no space left on device")
	for _, tt := range []struct {
		name    string
		counts  counts
		stopped runner.Reason
		err     error
		by      os.Signal
		want    int
	}{
		{"all well", counts{runner.OK: 3, runner.Changed: 1}, "", nil, nil, 0},
		{"one failed", counts{runner.OK: 3, runner.Failed: 1}, "", nil, nil, 1},
		{"one out of time", counts{runner.Timeout: 1}, "", nil, nil, 1},
		{"one lost", counts{runner.Lost: 1}, "", nil, nil, 1},
		{"one of our own", counts{runner.Error: 1}, "", nil, nil, 1},
		{"one not reached", counts{runner.OK: 3, runner.Unreachable: 1}, "", nil, nil, 3},
		{"failed and not reached", counts{runner.Failed: 1, runner.Unreachable: 1}, "", nil, nil, 1},
		{"Ctrl-C", counts{runner.OK: 1, runner.Failed: 1, runner.Cancelled: 1, runner.Skipped: 1}, runner.Interrupt, nil, os.Interrupt, 130},
		{"SIGTERM", counts{runner.Cancelled: 1}, runner.Interrupt, nil, syscall.SIGTERM, 143},
		{"Ctrl-C too late to matter", counts{runner.OK: 1}, "", nil, os.Interrupt, 0},
		{"the record is full", counts{runner.OK: 1}, "", full, nil, 74},
		{"the record is full, and Ctrl-C", counts{runner.Cancelled: 1}, runner.Interrupt, full, os.Interrupt, 74},
		{"nobody reads stdout", counts{runner.OK: 1}, "", fmt.Errorf("write: %w", syscall.EPIPE), nil, 0},
		{"nobody reads stdout, and the record is full", counts{runner.OK: 1}, "", errors.Join(syscall.EPIPE, full), nil, 74},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(&report.Summary{Counts: tt.counts, Stopped: tt.stopped}, withoutEPIPE(tt.err), tt.by); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}

func TestFitFanout(t *testing.T) {
	for _, tt := range []struct {
		hosts, files int
		memory       int64
		want         int
	}{{1, 1024, 0, 1}, {20, 1024, 1 << 30, 20}, {1000, 1 << 20, 1 << 30, 256}, {1000, 1024, 0, 194}, {1000, 256, 0, 41}, {10, 20, 0, 1},
		{1000, 1 << 20, 64 << 20, 128}, {1000, 1 << 20, 1, 1}} {
		if got := fitFanout(tt.hosts, tt.files, tt.memory); got != tt.want {
			t.Errorf("%d hosts and %d files: %d at once, want %d", tt.hosts, tt.files, got, tt.want)
		}
	}
}

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

// TestHelpFits checks that help texts fit a terminal, except for example lines.
func TestHelpFits(t *testing.T) {
	for _, c := range newApp(environment{}).Commands {
		for line := range strings.Lines(commandText(c)) {
			line = strings.TrimRight(line, "\n")
			if len([]rune(line)) > helpWidth && !strings.HasPrefix(line, "  hail ") {
				t.Errorf("hail help %s: a line is wider than %d: %s", c.Name, helpWidth, line)
			}
		}
	}
}
