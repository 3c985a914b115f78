package runner

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MakePrintable makes the texts of an event fit for one line of a terminal or a log. Run does so with every event; one that
// did not come from Run may need it. Verdicts are changed in place, and keep the ids of their checks as the plan has them.
func (e *Event) MakePrintable() {
	e.Status, e.Reason, e.Remains = Status(printable(string(e.Status))), Reason(printable(string(e.Reason))), Remains(printable(string(e.Remains)))
	e.Key, e.Value, e.Error = printable(e.Key), printable(e.Value), printable(e.Error)
	for i := range e.Verdicts {
		v := &e.Verdicts[i]
		v.Outcome, v.Text = Outcome(printable(string(v.Outcome))), printable(v.Text)
	}
	if e.Reach != nil {
		r := *e.Reach // which may be that of other hosts, too
		r.Address, r.User, r.Phase = printable(r.Address), printable(r.User), Phase(printable(string(r.Phase)))
		r.Server, r.HostKey = printable(r.Server), printable(r.HostKey)
		e.Reach = &r
	}
}

// printable makes a text that may come from a host fit for one line of a terminal or a log: characters that are not
// graphic are escaped, and everything after 500 bytes is cut off. A final newline is dropped. What is printable already
// stays as it is.
func printable(s string) string {
	const most = 500
	if len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		shown := s[i : i+size]
		switch {
		case r == utf8.RuneError && size == 1:
			shown = `\x` + strconv.FormatUint(uint64(s[i]), 16)
		case r == '\n' && i == len(s)-1:
			shown = ""
		case !unicode.IsGraphic(r):
			shown = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if b.Len()+len(shown) > most {
			b.WriteString("…")
			break
		}
		b.WriteString(shown)
	}
	return b.String()
}
