package wrap

import "time"

// SetOnTop sets how much longer the limit that the host enforces is than our own, for tests that wait for it.
func SetOnTop(d time.Duration) { onTop = d }
