package sshconn_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner/sshconn"
	"hail/runner/sshtest"
)

// TestSettle: a login keeps its place at an address with others until the server has answered after it, because the server
// may count it for so long. One that is alone there asks nothing.
func TestSettle(t *testing.T) {
	key, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(key)
	for logins, want := range map[int]string{1: "the end", 2: "keepalive@openssh.com"} {
		heard := make(chan string, 2*logins)
		var together sync.WaitGroup
		together.Add(logins)
		s := newSite(t, sshtest.Server{Name: "web1", HostKey: key, Faults: sshtest.Faults{Raw: func(c net.Conn) {
			together.Done()
			together.Wait()
			_, _, reqs, err := ssh.NewServerConn(c, config)
			if err != nil {
				return
			}
			for r := range reqs {
				heard <- r.Type
				r.Reply(false, nil)
			}
			heard <- "the end"
		}}})
		d := s.dialer(sshconn.Config{PerAddress: 2, ConnectTimeout: bound})
		var ends sync.WaitGroup
		for range logins {
			ends.Go(func() { reach(t, d, s.hosts[0]) })
		}
		select {
		case first := <-heard:
			if first != want {
				t.Errorf("of %d logins at once, the server hears %q first, want %q", logins, first, want)
			}
		case <-time.After(bound):
			t.Errorf("of %d logins at once, the server hears nothing", logins)
		}
		ends.Wait()
	}
}
