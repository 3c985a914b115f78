package wrap

import "time"

// SetLimitMargin sets how much longer the limit that the host enforces is than our own, for tests that wait for it.
func SetLimitMargin(d time.Duration) { limitMargin = d }
