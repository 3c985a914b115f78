package report

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Clean appends src to dst, harmless for a terminal. Control characters except newline and tab, characters that change
// the direction of text, and bytes that are not UTF-8 become visible, as \x1b, \u202e or \U000e0001. A carriage return
// before a newline is dropped, and so are colours, which change nothing but the look.
func Clean(dst, src []byte) []byte {
	for len(src) > 0 {
		n := plainLength(src)
		dst = append(dst, src[:n]...)
		if src = src[n:]; len(src) == 0 {
			break
		}
		r, size := utf8.DecodeRune(src)
		if color := colorLength(src); color > 0 {
			src = src[color:]
			continue
		}
		switch {
		case r == '\r' && len(src) > 1 && src[1] == '\n':
		case r == utf8.RuneError && size == 1, r < 0x80:
			dst = append(dst, '\\', 'x', digits[src[0]>>4], digits[src[0]&15])
		case r > 0xffff && unicode.Is(unicode.Cf, r):
			dst = fmt.Appendf(dst, `\U%08x`, r)
		case hidden(r):
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, src[:size]...)
		}
		src = src[size:]
	}
	return dst
}

// hidden reports whether a character controls a terminal, turns the direction of text or ends a line, and is not seen.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == '\u2028' || r == '\u2029'
}

// JSONWriter makes JSON harmless for a terminal, and does not change what it means: what is hidden in its strings
// becomes an escape of JSON. Each Write has to hold whole characters, as those of a json.Encoder do.
type JSONWriter struct{ W io.Writer }

// Write implements io.Writer.
func (w JSONWriter) Write(text []byte) (int, error) {
	if _, err := w.W.Write(cleanJSON(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

func cleanJSON(src []byte) []byte {
	if plainLength(src) == len(src) {
		return src
	}
	var dst []byte
	for len(src) > 0 {
		n := plainLength(src)
		dst, src = append(dst, src[:n]...), src[n:]
		r, size := utf8.DecodeRune(src)
		if hidden(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				dst = fmt.Appendf(dst, `\u%04x`, unit)
			}
		} else {
			dst = append(dst, src[:size]...)
		}
		src = src[size:]
	}
	return dst
}

// plainLength returns how many bytes at the beginning of b stay as they are. Almost all that is shown does, so it looks
// at eight bytes at once, as long as none is a control character, DEL or beyond ASCII. (The tests of a word for a byte
// that is zero, or less than a value, are those of "Bit Twiddling Hacks", S. E. Anderson.)
func plainLength(b []byte) (n int) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for n < len(b) {
		for ; n+8 <= len(b); n += 8 {
			w := binary.LittleEndian.Uint64(b[n:])
			del := w ^ 0x7f*ones
			if (w|(w-' '*ones)&^w|(del-ones)&^del)&tops != 0 {
				break
			}
		}
		for end := min(n+8, len(b)); n < end; n++ {
			if !plain[b[n]] {
				return n
			}
		}
	}
	return n
}

// plain says which bytes stay as they are.
var plain = func() (is [256]bool) {
	for c := range is {
		is[c] = c >= ' ' && c < 0x7f || c == '\n' || c == '\t'
	}
	return is
}()

// colorLength returns the length of a sequence at the beginning of b that sets a colour (ESC [ … m); 0 for anything
// else.
func colorLength(b []byte) int {
	if len(b) < 3 || b[0] != 0x1b || b[1] != '[' {
		return 0
	}
	for i := 2; i < min(len(b), 32); i++ {
		switch c := b[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

// lastState returns what a terminal shows in the end of a line that is overwritten, as by a progress bar. An ellipsis
// stands for what came before.
func lastState(line []byte) []byte {
	if bytes.IndexByte(line, '\r') < 0 {
		return line
	}
	body := bytes.TrimRight(line, "\r\n")
	i := bytes.LastIndexByte(body, '\r')
	if i < 0 {
		return line
	}
	return append([]byte("… "), append(bytes.TrimLeft(body[i+1:], " "), line[len(body):]...)...)
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
