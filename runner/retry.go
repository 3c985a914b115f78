package runner

import "time"

// Retry is how often a host is tried again. The zero value means never.
//
// Delays are longer or shorter by up to a quarter, at random. A host that ended with connect-timeout twice is not tried
// again. One whose server hung up (Closed) is tried again after 15 to 30 s, whatever the Delay: the server may punish
// clients that come back sooner.
type Retry struct {
	Unreachable int      `json:"unreachable,omitempty"` // times after unreachable for a reason that may pass
	Failed      int      `json:"failed,omitempty"`      // times after failed or timeout; only the user knows if that is safe
	Delay       Duration `json:"delay,omitempty"`       // before the first retry; doubled for each further one
}

const (
	closedAtLeast = 15 * time.Second
	closedAtMost  = 30 * time.Second
)

// Tally is what is known of the attempts at one host, including the last one.
type Tally struct {
	Status          Status // of the last attempt
	Reason          Reason
	Unreachable     int // attempts that did not reach it
	ConnectTimeouts int // of those, the ones with connect-timeout
	Failed          int // attempts that ended with failed or timeout
}

// count adds an attempt that ended with s and r.
func (t *Tally) count(s Status, r Reason) {
	t.Status, t.Reason = s, r
	switch s {
	case Unreachable:
		t.Unreachable++
		if r == ConnectTimeout {
			t.ConnectTimeouts++
		}
	case Failed, Timeout:
		t.Failed++
	}
}

// Next reports whether the host is tried again, and after which delay. A host that was lost never is: its command may
// have run. chance is a random number in [0, 1) that spreads the retries of hosts that fail together.
func (r Retry) Next(t Tally, chance float64) (after time.Duration, again bool) {
	tries := 0
	switch {
	case t.Status == Unreachable && isTransient(t.Reason) && t.Unreachable <= r.Unreachable && t.ConnectTimeouts < 2:
		tries = t.Unreachable
	case (t.Status == Failed || t.Status == Timeout) && t.Failed <= r.Failed:
		tries = t.Failed
	default:
		return 0, false
	}
	if t.Reason == Closed {
		return closedAtLeast + time.Duration(chance*float64(closedAtMost-closedAtLeast)), true
	}
	after = r.Delay.Value() << min(tries-1, 10)
	return time.Duration(float64(after) * (0.75 + chance/2)), true
}

// isTransient reports whether the reason for which a host was not reached may be gone a little later. A refused login
// or an untrusted host key is not retried.
func isTransient(r Reason) bool {
	switch r {
	case DNS, Refused, NoRoute, ConnectTimeout, Closed, Jump, ChannelRefused:
		return true
	}
	return false
}
