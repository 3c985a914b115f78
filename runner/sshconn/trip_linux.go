package sshconn

import (
	"math"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// trip returns how long a packet takes to the server and back: the shortest time that the kernel has seen, or else the
// time that connecting took; 0: not known. On a busy machine, the latter says more about the machine itself.
func (c *conn) trip() time.Duration {
	best := c.reach.TCP
	tcp, ok := c.wire.Conn.(*net.TCPConn)
	if !ok {
		return best
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return best
	}
	raw.Control(func(fd uintptr) {
		const none = math.MaxUint32
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil && info.Min_rtt > 0 && info.Min_rtt != none {
			best = time.Duration(info.Min_rtt) * time.Microsecond
		}
	})
	return best
}
