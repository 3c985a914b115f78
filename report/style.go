package report

import (
	"fmt"
	"hash/fnv"
	"unicode"

	"golang.org/x/text/width"

	"hail/inventory"
	"hail/runner"
)

// Style says how results are shown. Its zero value is plain text of any width.
type Style struct {
	Color bool // colour statuses and hosts' names; nothing is told by colour alone
	Width int  // columns of a terminal, where the middle of a long output is left out, too; 0: no limit
}

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) bold(text string) string { return s.paint("1", text) }

// status colours text by the status.
func (s Style) status(status runner.Status, text string) string {
	switch status {
	case "":
		return text
	case runner.OK:
		return s.paint("32", text)
	case runner.Changed:
		return s.paint("36", text)
	case runner.Unreachable, runner.Skipped, runner.Cancelled:
		return s.paint("33", text)
	}
	return s.paint("31", text)
}

// outcome colours text by the outcome.
func (s Style) outcome(o runner.Outcome, text string) string {
	switch o {
	case runner.Pass:
		return s.paint("32", text)
	case runner.Skip, runner.Waived, runner.NotEvaluated:
		return s.paint("33", text)
	}
	return s.paint("31", text)
}

// host gives each name a colour of its own, the same every time.
func (s Style) host(name string) string {
	if !s.Color {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return s.paint(fmt.Sprint(31+h.Sum32()%6), name)
}

// cut shortens text to the width that is left beside so many used columns.
func (s Style) cut(text string, used int) string {
	room := s.Width - used
	if s.Width == 0 || len(text) <= room || textWidth(text) <= room {
		return text
	}
	at := 0
	for i, r := range text {
		if at += runeWidth(r); at > max(room-1, 1) {
			return text[:i] + "…"
		}
	}
	return text
}

// folded returns names in the short form for people, on one line, with their number if there are several.
func folded(names []string) string { return Style{}.fold(names, 0) }

// fold is folded with the names cut to the width that is left beside so many used columns.
func (s Style) fold(names []string, used int) string {
	count := ""
	if len(names) > 1 {
		count = fmt.Sprintf(" (%d)", len(names))
	}
	return s.cut(OneLine(inventory.Fold(names)), used+len(count)) + count
}

// textWidth returns how many columns of a terminal the text takes.
func textWidth(text string) (n int) {
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
