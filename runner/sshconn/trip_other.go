//go:build !linux

package sshconn

import "time"

// trip is how long a packet needs to the server and back, if not exactly; 0: not known.
func (c *conn) trip() time.Duration { return c.reach.TCP }
