package report

import (
	"unicode"
	"unicode/utf8"
)

// Clean makes what a host sent harmless for a terminal, and appends it to dst: control characters but newline and tab,
// those that turn the direction of text, and bytes that are no UTF-8 become visible as \x1b or \u202e. A carriage
// return before a newline is dropped.
func Clean(dst, src []byte) []byte {
	for len(src) > 0 {
		n := 0
		for n < len(src) && (src[n] >= ' ' && src[n] < 0x7f || src[n] == '\n' || src[n] == '\t') {
			n++
		}
		dst = append(dst, src[:n]...)
		if src = src[n:]; len(src) == 0 {
			break
		}
		r, size := utf8.DecodeRune(src)
		switch {
		case r == '\r' && len(src) > 1 && src[1] == '\n':
		case r == utf8.RuneError && size == 1, r < 0x80:
			dst = append(dst, '\\', 'x', digits[src[0]>>4], digits[src[0]&15])
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d', r == '\u2028', r == '\u2029':
			dst = append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
		default:
			dst = append(dst, src[:size]...)
		}
		src = src[size:]
	}
	return dst
}

const digits = "0123456789abcdef"

// OneLine is Clean for a text that has to stay on its line.
func OneLine(s string) string {
	b := Clean(nil, []byte(s))
	for i, c := range b {
		if c == '\n' || c == '\t' {
			b[i] = ' '
		}
	}
	return string(b)
}
