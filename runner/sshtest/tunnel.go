package sshtest

import (
	"fmt"
	"io"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// tunnel connects the channel with an address on loopback.
func (r *Running) tunnel(nc ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if ssh.Unmarshal(nc.ExtraData(), &to) != nil || !r.Forward {
		nc.Reject(ssh.Prohibited, "") // as libssh and Paramiko do
		return
	}
	target, err := net.Dial("tcp", net.JoinHostPort(to.Host, fmt.Sprint(to.Port)))
	if err != nil {
		nc.Reject(ssh.ConnectionFailed, "connect failed")
		return
	}
	defer target.Close()
	if !target.RemoteAddr().(*net.TCPAddr).IP.IsLoopback() {
		nc.Reject(ssh.Prohibited, "only loopback can be reached")
		return
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { ssh.DiscardRequests(reqs) })
	wg.Go(func() { io.Copy(target, ch); target.(*net.TCPConn).CloseWrite() })
	io.Copy(ch, target)
	ch.Close()
	target.Close()
	wg.Wait()
}
