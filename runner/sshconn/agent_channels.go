package sshconn

import (
	"io"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
)

// mostAgentChannels is how many channels to the agent a host may have open at once: each takes one of our descriptors.
const mostAgentChannels = 16

// opened answers a channel that the host opens. Only channels to a forwarded agent are accepted.
func (c *conn) opened(nc ssh.NewChannel) {
	if nc.ChannelType() != "auth-agent@openssh.com" || c.settings.agentForHost == "" {
		nc.Reject(ssh.Prohibited, "")
		return
	}
	if c.agentChannels.Load() >= mostAgentChannels {
		nc.Reject(ssh.ResourceShortage, "")
		return
	}
	socket, err := net.DialTimeout("unix", c.settings.agentForHost, agentTimeout)
	if err != nil {
		nc.Reject(ssh.ConnectionFailed, "")
		return
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		socket.Close()
		return
	}
	c.agentChannels.Add(1)
	c.wg.Go(func() { ssh.DiscardRequests(reqs) })
	c.wg.Go(func() { // both ends close as soon as one does
		closeBoth := sync.OnceFunc(func() { ch.Close(); socket.Close() })
		var wg sync.WaitGroup
		wg.Go(func() { io.Copy(ch, socket); closeBoth() })
		io.Copy(socket, ch)
		closeBoth()
		wg.Wait()
		c.agentChannels.Add(-1)
	})
}
