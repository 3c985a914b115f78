package main

import (
	"errors"
	"flag"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"
)

// TestWatch: a test is repeated until it passes; the last round starts when the time is over.
func TestWatch(t *testing.T) {
	for _, tt := range []struct {
		watch, every string
		passes       int // the round that passes; 0: none
		rounds       int
		took         time.Duration
	}{
		{"", "10s", 0, 1, 0},
		{"1m", "10s", 1, 1, 0},
		{"1m", "10s", 3, 3, 20 * time.Second},
		{"25s", "10s", 0, 4, 25 * time.Second},
		{"5s", "1h", 2, 2, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			set := flag.NewFlagSet("test", flag.ContinueOnError)
			set.String("watch", tt.watch, "")
			set.String("every", tt.every, "")
			begun, rounds := time.Now(), 0
			var stderr strings.Builder
			never := func() (<-chan os.Signal, func()) { return nil, func() {} }
			err := watch(environment{now: time.Now, stderr: &stderr, signals: never}, cli.NewContext(cli.NewApp(), set, nil), func() error {
				if rounds++; rounds == tt.passes {
					return nil
				}
				return &exitError{exitFailed}
			})
			ended, _ := errors.AsType[*exitError](err)
			if passed := tt.passes > 0; passed != (err == nil) || !passed && (ended == nil || ended.code != exitFailed) || rounds != tt.rounds || time.Since(begun) != tt.took {
				t.Errorf("--watch %s --every %s: %v after %d rounds and %v, want %d and %v", tt.watch, tt.every, err, rounds, time.Since(begun), tt.rounds, tt.took)
			}
			if said := strings.Count(stderr.String(), "\n"); said != rounds-1 {
				t.Errorf("--watch %s --every %s: %d lines between %d rounds:\n%s", tt.watch, tt.every, said, rounds, &stderr)
			}
		})
	}
}

// TestWatchStopped: between two rounds it is said when the next one comes, and a signal ends the watch with a word.
func TestWatchStopped(t *testing.T) {
	for _, tt := range []struct {
		watch  string
		signal os.Signal
		code   int
		stderr string
	}{
		{"5m", os.Interrupt, exitInterrupt, "hail: 00:00:00: not all is well; next look in 10s, last one in 5m0s\nhail: stopped before the next look\n"},
		{"9s", syscall.SIGTERM, exitTerminate, "hail: 00:00:00: not all is well; last look in 9s\nhail: stopped before the next look\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			set := flag.NewFlagSet("test", flag.ContinueOnError)
			set.String("watch", tt.watch, "")
			set.String("every", "10s", "")
			var stderr strings.Builder
			e := environment{now: func() time.Time { return time.Now().UTC() }, stderr: &stderr, signals: func() (<-chan os.Signal, func()) {
				signals := make(chan os.Signal, 1)
				signals <- tt.signal
				return signals, func() {}
			}}
			err := watch(e, cli.NewContext(cli.NewApp(), set, nil), func() error { return &exitError{exitUnreachable} })
			if ended, _ := errors.AsType[*exitError](err); ended == nil || ended.code != tt.code || stderr.String() != tt.stderr {
				t.Errorf("--watch %s, %v: %v, and on stderr\n%swant code %d and\n%s", tt.watch, tt.signal, err, &stderr, tt.code, tt.stderr)
			}
		})
	}
}
