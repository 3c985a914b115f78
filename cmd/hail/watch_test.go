package main

import (
	"errors"
	"flag"
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
			err := watch(environment{now: time.Now}, cli.NewContext(cli.NewApp(), set, nil), func() error {
				if rounds++; rounds == tt.passes {
					return nil
				}
				return &exitError{exitFailed}
			})
			ended, _ := errors.AsType[*exitError](err)
			if passed := tt.passes > 0; passed != (err == nil) || !passed && (ended == nil || ended.code != exitFailed) || rounds != tt.rounds || time.Since(begun) != tt.took {
				t.Errorf("--watch %s --every %s: %v after %d rounds and %v, want %d and %v", tt.watch, tt.every, err, rounds, time.Since(begun), tt.rounds, tt.took)
			}
		})
	}
}
