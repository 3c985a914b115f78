package inventory

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var sizes = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(?:B|([kKmMgGtT])(iB|B)?)$`)

// ParseSize reads a size in bytes, written as for rsync and dd: M and MiB are 1024², MB is 1000², and B is a single
// byte. The unit is required. ok is false for anything else, and for a size below one byte.
func ParseSize(text string) (n int64, ok bool) {
	m := sizes.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	base := 1024.0
	if m[3] == "B" {
		base = 1000
	}
	f, err := strconv.ParseFloat(m[1], 64)
	f *= math.Pow(base, float64(strings.Index("BKMGT", strings.ToUpper(m[2])))) // an empty m[2] has index 0: bytes
	if err != nil || f < 1 || f >= 1<<62 {
		return 0, false
	}
	return int64(f), true
}
