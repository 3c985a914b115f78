package local_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/local"
)

// TestSecrets: without a wrapper, which hands over secret variables in another way, they are in the environment.
func TestSecrets(t *testing.T) {
	c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out strings.Builder
	if err := c.Exec(t.Context(), `printf %s "$TOKEN"`, runner.Stdio{Secrets: []string{"TOKEN=sesame"}, Out: &out}); err != nil || out.String() != "sesame" {
		t.Errorf("TOKEN is %q, %v, want sesame", out.String(), err)
	}
}

func TestConn(t *testing.T) {
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return local.Dialer{}, inventory.Host{Name: "here"}
	})
}

// TestWithoutDescriptors: a command begins as soon as there are descriptors again, or not at all if its time is up
// before.
func TestWithoutDescriptors(t *testing.T) {
	c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err != nil { // opens what the runtime needs
		t.Fatal(err)
	}
	giveBack := connsuite.WithoutDescriptors(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, runner.ErrTimeout)
	defer cancel()
	if err := c.Exec(ctx, "true", runner.Stdio{}); !errors.Is(err, runner.ErrTimeout) {
		t.Errorf("%v, want the end of the time", err)
	}
	time.AfterFunc(50*time.Millisecond, giveBack)
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err != nil {
		t.Error(err)
	}
}
