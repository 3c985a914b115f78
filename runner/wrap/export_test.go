package wrap

import "hail/runner"

// SetLimitMargin sets how much longer the limit that the host enforces is than our own, for tests that wait for it.
func SetLimitMargin(d runner.Duration) { limitMargin = d }

// Hunter is the script that ends the processes of a command.
var Hunter = hunter
