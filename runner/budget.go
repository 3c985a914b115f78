package runner

// Budget is how much may go wrong before a run stops. Its zero value never stops it.
type Budget struct {
	Fail        *Share `json:"fail,omitempty"`        // hosts that failed, timed out, were lost or hit an error; nil: any number
	Unreachable *Share `json:"unreachable,omitempty"` // nil: any number
	Cancel      bool   `json:"cancel,omitempty"`      // end what runs, too; otherwise nothing more starts
}

// Exceeded says whether more went wrong than may, of total hosts. Percentages are rounded down.
func (b Budget) Exceeded(failed, unreachable, total int) bool {
	return b.Fail != nil && failed > b.Fail.Down(total) || b.Unreachable != nil && unreachable > b.Unreachable.Down(total)
}
