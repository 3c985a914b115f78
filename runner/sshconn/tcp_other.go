//go:build !linux

package sshconn

import "time"

// trip returns roughly how long a packet takes to the server and back: the time that connecting took; 0: not known.
func (c *conn) trip() time.Duration { return c.reach.TCP }

// taken returns how many of the bytes that were written have left this process.
func (m *monitoredConn) taken() int64 { return m.sent.Load() }
