package local_test

import (
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/local"
)

// TestSecrets: without a wrapper that hands them over otherwise, secret variables are in the environment.
func TestSecrets(t *testing.T) {
	c, err := local.Dialer{}.Dial(t.Context(), inventory.Host{Name: "here"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out strings.Builder
	if err := c.Exec(t.Context(), `printf %s "$TOKEN"`, runner.Stdio{Secrets: []string{"TOKEN=sesame"}, Out: &out}); err != nil || out.String() != "sesame" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestConn(t *testing.T) {
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return local.Dialer{}, inventory.Host{Name: "here"}
	})
}
