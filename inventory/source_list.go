package inventory

import (
	"fmt"
	"net/netip"
	"strings"
)

// readList reads the last of the formats, which is what pssh, pdsh and clush read too.
func readList(b *builder, f file) {
	entries, errs := parseList(f.path, f.text)
	b.errs = append(b.errs, errs...)
	for _, e := range entries {
		said := settings{conn: e.conn}
		for _, s := range e.conn.Settings() {
			b.note(&said, s.Key, s.Value, e.place, "host")
		}
		b.add(e.names, said, nil, e.place)
	}
}

// listEntry is one line of a host list.
type listEntry struct {
	names []string
	conn  Connection
	place Place
}

// maxListErrors is when to stop reading: a file with so many errors is no host list.
const maxListErrors = 100

// parseList reads a host list: one pattern a line, [user@]host[:port], with # for comments, and ; at the beginning of a line.
func parseList(file string, text []byte) (entries []listEntry, errs Errors) {
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line, _, _ = strings.Cut(line, "#")
		word := strings.TrimSpace(line)
		if word == "" || word[0] == ';' {
			continue
		}
		place := Place{file, number, strings.Index(line, word) + 1}
		e, wrong := parseListWord(word)
		if wrong != nil {
			if errs = append(errs, wrong.in(place)); len(errs) == maxListErrors {
				break
			}
			continue
		}
		e.place = place
		entries = append(entries, e)
	}
	return entries, errs
}

const oneALine = "a host list has one host or pattern a line: [user@]host[:port]"

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
			return e, &patternError{text: fmt.Sprintf("%q is no name of a user", e.conn.User), hint: oneALine}
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
	if e.names, wrong = expand(rest); wrong != nil {
		wrong.at += from
		if wrong.hint == "" && strings.ContainsAny(rest, ",/") {
			wrong.hint = oneALine
		}
	}
	return e, wrong
}
