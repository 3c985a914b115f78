package sshconn

import (
	"fmt"
	"time"
)

// Trace gets the steps on the way to a host as they are taken, one line each, from any goroutine. Steps of the protocol
// are details.
type Trace func(host string, detail bool, text string)

// tracePrecision is what the times in a trace are rounded to.
const tracePrecision = 100 * time.Microsecond

func (t Trace) step(host, format string, args ...any) {
	if t != nil {
		t(host, false, fmt.Sprintf(format, args...))
	}
}

func (t Trace) detail(host, format string, args ...any) {
	if t != nil {
		t(host, true, fmt.Sprintf(format, args...))
	}
}
