package runner

import "time"

// Retry is how often a host is tried again. Its zero value never is.
type Retry struct {
	Unreachable int      `json:"unreachable,omitempty"` // after it was not reached for a reason that may pass
	Failed      int      `json:"failed,omitempty"`      // after failed or timeout: only the user knows whether that is safe
	Delay       Duration `json:"delay,omitempty"`       // before the first; it doubles from one to the next
}

// A server that hung up before the login punishes who comes back sooner.
const (
	closedAtLeast = 15 * time.Second
	closedAtMost  = 30 * time.Second
)

// Tally is what is known of the attempts at one host, the last one included.
type Tally struct {
	Status      Status // of the last
	Reason      Reason
	Unreachable int // attempts that did not reach it
	TimedOut    int // of those, for connect-timeout
	Failed      int // attempts that failed or timed out
}

// count takes in how an attempt ended.
func (t *Tally) count(s Status, r Reason) {
	t.Status, t.Reason = s, r
	switch s {
	case Unreachable:
		t.Unreachable++
		if r == ConnectTimeout {
			t.TimedOut++
		}
	case Failed, Timeout:
		t.Failed++
	}
}

// Next says whether the host is tried again, and after which time. What may have run and whose end is not known (Lost) never
// is. chance is a random number from 0 up to 1, by which hosts that fail together come back apart.
func (r Retry) Next(t Tally, chance float64) (after time.Duration, again bool) {
	tries := 0
	switch {
	case t.Status == Unreachable && passes(t.Reason) && t.Unreachable <= r.Unreachable && t.TimedOut < 2:
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

// passes says whether the reason for which a host was not reached may be gone a little later. Nobody knocks again who was
// turned away at the login or does not trust the host.
func passes(r Reason) bool {
	switch r {
	case DNS, Refused, NoRoute, ConnectTimeout, Closed, Jump, ChannelRefused:
		return true
	}
	return false
}
