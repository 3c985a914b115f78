package wrap

import "time"

// SetOnTop is for tests that wait for the host's own limit.
func SetOnTop(d time.Duration) { onTop = d }
