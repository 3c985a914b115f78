package connsuite_test

import (
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
)

func TestFake(t *testing.T) {
	connsuite.Run(t, func(*testing.T) (runner.Dialer, inventory.Host) {
		return &connsuite.Fake{}, inventory.Host{Name: "fake"}
	})
}
