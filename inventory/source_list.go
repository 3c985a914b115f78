package inventory

import (
	"fmt"
	"iter"
	"net/netip"
	"strings"
)

// readList reads a list of hosts, the format that pssh, pdsh and clush read, too.
func readList(b *builder, f file) {
	for e, wrong := range listEntries(f.path, f.text) {
		if wrong != nil {
			b.errs = append(b.errs, wrong)
			continue
		}
		said := settings{conn: e.conn}
		b.noteSettings(&said, nil, e.place, "host")
		if b.add(e.names, said, nil, e.place); b.full() {
			return
		}
	}
}

// listEntry is one line of a host list.
type listEntry struct {
	pattern string
	names   []string // that the pattern stands for
	conn    Connection
	place   Place
}

// listEntries yields the entries of a host list, or what is wrong with one: one pattern [user@]host[:port] per line, or
// several separated by commas. A comment begins with #, or with ; at the beginning of a line. Two words separated by
// blanks are refused: pssh takes the second for a user, other programs for a host.
func listEntries(file string, text []byte) iter.Seq2[listEntry, *Error] {
	return func(yield func(listEntry, *Error) bool) {
		number, errs := 0, 0
		for line := range strings.Lines(string(text)) {
			number++
			line, _, _ = strings.Cut(line, "#")
			if strings.HasPrefix(strings.TrimSpace(line), ";") {
				continue
			}
			for at, word := range commaParts(line) {
				e, bad := parseListWord(word)
				e.place = Place{file, number, at + 1}
				var wrong *Error
				if bad != nil {
					wrong = bad.in(e.place)
					errs++
				}
				if !yield(e, wrong) || errs == maxErrors {
					return
				}
			}
		}
	}
}

// commaParts yields the parts between commas outside brackets, without the blanks around them, each with its index in
// the line. Empty parts are left out.
func commaParts(line string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		depth, from := 0, 0
		for i, c := range []byte(line + ",") {
			switch c {
			case '[':
				depth++
			case ']':
				depth--
			case ',':
				if depth > 0 && i < len(line) {
					continue
				}
				part := strings.TrimLeft(line[from:i], " \t\r\n")
				at := i - len(part)
				if part = strings.TrimSpace(part); part != "" && !yield(at, part) {
					return
				}
				from = i + 1
			}
		}
	}
}

const oneALine = "a host list has one host or pattern per line, or several separated by commas: [user@]host[:port]"

func parseListWord(word string) (e listEntry, wrong *patternError) {
	if i := strings.IndexAny(word, " \t"); i >= 0 {
		second := len(word) - len(strings.TrimLeft(word[i:], " \t"))
		return e, &patternError{second, "there is more than one word on the line", oneALine}
	}
	rest, from := word, 0
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		e.conn.User, rest, from = rest[:i], rest[i+1:], i+1
		if err := CheckUser(e.conn.User); err != nil {
			return e, &patternError{text: err.Error()}
		}
		if strings.Contains(e.conn.User, "/") { // of a URL, or GNU parallel's number of jobs
			return e, &patternError{text: fmt.Sprintf("%q is not a user name", e.conn.User), hint: oneALine}
		}
	}
	_, bareIP := netip.ParseAddr(rest)
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') && bareIP != nil {
		port, err := parsePort(rest[i+1:])
		if err != nil {
			return e, &patternError{at: from + i + 1, text: err.Error()}
		}
		e.conn.Port, rest = port, rest[:i]
	}
	e.pattern = rest
	if e.names, wrong = expand(rest); wrong != nil {
		wrong.at += from
		if wrong.hint == "" && strings.Contains(rest, "/") {
			wrong.hint = oneALine
		}
	}
	return e, wrong
}
