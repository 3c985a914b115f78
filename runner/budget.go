package runner

// Budget is how much may go wrong before a run stops. The zero value never stops a run.
type Budget struct {
	Fail        *Share `json:"fail,omitempty"`        // hosts failed, timeout, lost or error; nil: any number
	Unreachable *Share `json:"unreachable,omitempty"` // hosts unreachable; nil: any number
	Cancel      bool   `json:"cancel,omitempty"`      // also stop running hosts; otherwise only no more are started
}

// Exceeded reports whether, of total hosts, more failed or were unreachable than b allows. Percentages are rounded
// down.
func (b Budget) Exceeded(failed, unreachable, total int) bool {
	return b.Fail != nil && failed > b.Fail.Down(total) || b.Unreachable != nil && unreachable > b.Unreachable.Down(total)
}
