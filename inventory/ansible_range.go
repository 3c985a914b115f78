package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// expandAnsible returns the names that a pattern of Ansible's stands for, and its port, or 0: www[01:50:2], db-[a:f],
// [::1]:22. IPv6 addresses are returned in brackets, as hail names them.
func expandAnsible(pattern string) (names []string, port int, wrong *patternError) {
	rest := pattern
	if a, err := netip.ParseAddr(rest); err == nil && a.Is6() {
		rest = "[" + rest + "]"
	}
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		var err error
		if port, err = parsePort(rest[i+1:]); err != nil {
			return nil, 0, &patternError{at: i + 1, text: err.Error()}
		}
		rest = rest[:i]
	}
	if CheckName(rest) == nil {
		return []string{rest}, port, nil
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]"); port > 0 && len(inner) == len(rest)-2 && CheckName(inner) == nil {
		return []string{inner}, port, nil // [web1]:22
	}
	names, wrong = expandColons(rest)
	return names, port, wrong
}

// expandColons expands ranges with colons, of numbers or letters.
func expandColons(pattern string) ([]string, *patternError) {
	names, at := []string{""}, 0
	for rest := pattern; ; {
		open := strings.IndexByte(rest, '[')
		end := strings.IndexByte(rest, ']')
		if open < 0 && end < 0 {
			for i := range names {
				names[i] += rest
				if err := CheckName(names[i]); err != nil {
					return nil, &patternError{text: err.Error()}
				}
			}
			return names, nil
		}
		if open < 0 || end < open {
			return nil, &patternError{at: at, text: "the brackets of the range do not match", hint: colonRanges}
		}
		items, wrong := colonRange(rest[open+1:end], len(names))
		if wrong != "" {
			return nil, &patternError{at: at + open + 1, text: wrong, hint: colonRanges}
		}
		names = product(names, rest[:open], items)
		if len(names[0]) > maxName {
			return nil, &patternError{text: fmt.Sprintf("%q stands for names of more than %d characters", pattern, maxName)}
		}
		rest, at = rest[end+1:], at+end+1
	}
}

const (
	colonRanges = "ranges look like [01:50], [1:9:2] or [a:f]"
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// colonRange lists the items of begin:end or begin:end:step. before is the number of names that each item multiplies.
func colonRange(text string, before int) (items []string, wrong string) {
	parts := strings.Split(text, ":")
	step := 1
	switch {
	case len(parts) == 3:
		var err error
		if step, err = parseWhole(parts[2]); err != nil || step < 1 {
			return nil, fmt.Sprintf("%q is not a step", parts[2])
		}
	case len(parts) != 2:
		return nil, fmt.Sprintf("%q in brackets is not a range", text)
	}
	first, last := cmp.Or(parts[0], "0"), parts[1]
	var lo, hi int
	var item func(n int) string
	if isLetter(first) && isLetter(last) {
		lo, hi = strings.Index(letters, first), strings.Index(letters, last)
		item = func(n int) string { return letters[n : n+1] }
	} else {
		var errLo, errHi error
		lo, errLo = parseWhole(first)
		hi, errHi = parseWhole(last)
		width := 0
		if padded(first) {
			width = len(first)
		}
		switch {
		case errLo != nil || errHi != nil:
			return nil, fmt.Sprintf("%q in brackets is not a range of numbers or letters", text)
		case width > 0 && len(first) != len(last):
			return nil, fmt.Sprintf("%q: both ends of a zero-padded range need the same length", text)
		}
		item = func(n int) string { return fmt.Sprintf("%0*d", width, n) }
	}
	switch {
	case lo > hi:
		return nil, fmt.Sprintf("the range %q is descending", text)
	case (hi-lo)/step >= maxExpansion/before:
		return nil, fmt.Sprintf("the range %q makes more than %d hosts", text, maxExpansion)
	}
	for n := lo; n <= hi; n += step {
		items = append(items, item(n))
	}
	return items, ""
}

func isLetter(end string) bool { return len(end) == 1 && strings.Contains(letters, end) }

// parseWhole reads a whole number of at most maxDigits characters.
func parseWhole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) > maxDigits {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return n, nil
}
