package local_test

import (
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/local"
)

func TestConn(t *testing.T) {
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return local.Dialer{}, inventory.Host{Name: "here"}
	})
}
