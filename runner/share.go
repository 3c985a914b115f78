package runner

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Share is a part of some hosts: a number of them ("5") or a percentage ("10%"). Its zero value is no hosts.
type Share struct {
	Value   float64
	Percent bool
}

// ParseShare reads "5" or "10%".
func ParseShare(text string) (Share, error) {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || strings.ContainsAny(number, "eExX_+-") || math.IsInf(v, 0) || math.IsNaN(v):
		return Share{}, fmt.Errorf("%q is neither a number of hosts nor a percentage like 10%%", text)
	case percent && v > 100:
		return Share{}, fmt.Errorf("%q is more than 100%%", text)
	case !percent && v != math.Trunc(v):
		return Share{}, fmt.Errorf("%q is not a whole number of hosts", text)
	}
	return Share{v, percent}, nil
}

// slack makes up for the rounding of a float64: 9.2% of 750 comes to 68.99999999999999, and means 69.
const slack = 1e-9

// Down returns how many of total hosts the share is, rounded down.
func (s Share) Down(total int) int { return int(math.Floor(s.of(total) + slack)) }

// Up returns how many of total hosts the share is, rounded up.
func (s Share) Up(total int) int { return int(math.Ceil(s.of(total) - slack)) }

func (s Share) of(total int) float64 {
	if s.Percent {
		return s.Value * float64(total) / 100
	}
	return min(s.Value, math.MaxInt32)
}

// String returns the share as ParseShare reads it.
func (s Share) String() string {
	text := strconv.FormatFloat(s.Value, 'f', -1, 64)
	if s.Percent {
		text += "%"
	}
	return text
}

// MarshalText implements encoding.TextMarshaler.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Share) UnmarshalText(text []byte) (err error) {
	*s, err = ParseShare(string(text))
	return err
}
