package main

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// size reads an option that is a number of bytes.
func size(c *cli.Context, name string) (int64, error) {
	text := c.String(name)
	n, ok := parseSize(text)
	if text != "" && !ok {
		return 0, usage("write it with its unit: 512K, 64M, 2GiB, or 20MB for 20 000 000", "--%s: %q is not a size", name, text)
	}
	return n, nil
}

var sizes = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(?:B|([kKmMgGtT])(iB|B)?)$`)

// parseSize reads a size as rsync and dd do: M and MiB are 1024², MB is 1000².
func parseSize(text string) (int64, bool) {
	m := sizes.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	base := 1024.0
	if m[3] == "B" {
		base = 1000
	}
	n, err := strconv.ParseFloat(m[1], 64)
	n *= math.Pow(base, float64(strings.Index("BKMGT", strings.ToUpper(m[2])))) // nothing is bytes, too
	if err != nil || n < 1 || n >= 1<<62 {
		return 0, false
	}
	return int64(n), true
}

// bandwidth reads an option that is a number of bytes a second; 0 is any.
func bandwidth(c *cli.Context, name string) (int64, error) {
	text := c.String(name)
	n, ok := parseSize(strings.TrimSuffix(text, "/s"))
	if text != "" && text != "0" && !ok {
		return 0, usage("write it with its unit: 512K, 20M, 20MiB/s, or 20MB for 20 000 000; 0 is no limit", "--%s: %q is not a number of bytes a second", name, text)
	}
	return n, nil
}
