package inventory

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var sizes = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(?:B|([kKmMgGtT])(iB|B)?)$`)

// ParseSize reads a size in bytes as rsync and dd do: M and MiB are 1024², MB is 1000². A unit it has to have.
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
	f *= math.Pow(base, float64(strings.Index("BKMGT", strings.ToUpper(m[2])))) // nothing is bytes, too
	if err != nil || f < 1 || f >= 1<<62 {
		return 0, false
	}
	return int64(f), true
}
