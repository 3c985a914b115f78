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
	const none = math.MaxUint32
	if info := tcpInfo(c.wire.Conn); info != nil && info.Min_rtt > 0 && info.Min_rtt != none {
		return time.Duration(info.Min_rtt) * time.Microsecond
	}
	return c.reach.TCP
}

// taken returns how many of the bytes that were written have left this machine for good: those that the other side has
// acknowledged, where the connection is a TCP connection.
func (m *monitoredConn) taken() int64 {
	if info := tcpInfo(m.Conn); info != nil {
		return int64(info.Bytes_acked)
	}
	return m.sent.Load()
}

// tcpInfo returns what the kernel knows about a TCP connection; nil where it is none.
func tcpInfo(nc net.Conn) (info *unix.TCPInfo) {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	raw.Control(func(fd uintptr) { info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	return info
}
