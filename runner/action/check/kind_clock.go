package check

import (
	"math"
	"strconv"
	"strings"
)

// clock compares the host's clock with that of this machine. When the answer is heard, it has been on its way for half
// a round trip. If date knows no fractions of a second, half a second is assumed, so that the offset is wrong by that
// at most.
var _ = register(&kind{
	name: "clock", main: "offset",
	attrs: map[string]shape{"offset": period},
	probe: `
probe_clock() { echo "now $(date +%s.%N)"; }
`,
	told: "now",
	values: func(_ *Check, s *seen) error {
		said, err := strconv.ParseFloat(s.fact("now"), 64)
		if err != nil {
			seconds, _, _ := strings.Cut(s.fact("now"), ".")
			whole, err := valueOf([]string{seconds}, number)
			if err != nil {
				return err
			}
			said = whole.(float64) + 0.5
		}
		s.values["offset"], s.because = math.Abs(said-s.heard), "it is ahead"
		if said < s.heard {
			s.because = "it is behind"
		}
		return nil
	},
})
