package sshconn_test

import (
	"testing"

	"hail/inventory"
	"hail/runner"
	"hail/runner/connsuite"
	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

func TestConn(t *testing.T) {
	t.Parallel()
	connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) {
		s := newSite(t, sshtest.Server{Name: "web1"})
		return s.dialer(sshconn.Config{}), s.hosts[0]
	})
}

func TestConnOfOpenSSH(t *testing.T) {
	t.Parallel()
	h := realHost(t)
	connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) {
		d := sshconn.New(sshconn.Config{})
		t.Cleanup(func() { d.Close() })
		return d, h
	})
}
