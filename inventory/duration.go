package inventory

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that files spell as "10s", "1m30s" or "2d". A bare number other than 0 is refused,
// because its unit is unknown.
type Duration time.Duration

// String spells d as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// Value returns d as a time.Duration.
func (d Duration) Value() time.Duration { return time.Duration(d) }

// WholeSeconds returns d in whole seconds, rounded up: what a program on a host is given never cuts d short.
func (d Duration) WholeSeconds() int { return int((d.Value() + time.Second - 1) / time.Second) }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

const mostDays = 36500 // in the longest Duration

// UnmarshalText implements encoding.TextUnmarshaler. It takes what time.ParseDuration takes, and whole days such as
// "2d". A negative duration, or one of more than 36500 days, is an error.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); n < 0 || n > mostDays {
			err = strconv.ErrRange
		}
		v = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || v/(24*time.Hour) > mostDays || v < 0 {
		return fmt.Errorf("%q is not a time like 10s or 5m", text)
	}
	*d = Duration(v)
	return nil
}
