package wrap

import (
	"bytes"
	"io"
	"strings"

	"hail/runner"
)

// listener passes stderr on, except for the wrapper's messages in it: a mark that nobody else knows, a word, and a
// record separator. It holds back only bytes that may be the beginning of a message.
type listener struct {
	w       io.Writer
	mark    []byte
	take    func()         // called when the wrapper takes the input
	remains runner.Remains // what the wrapper said after it had ended the command; empty: nothing
	cannot  string         // why the wrapper did not start the command; empty: it may have started it
	held    []byte         // the bytes from a possible beginning of a mark on
}

// separator ends a word, and begins a mark.
const separator = '\x1e'

// longestWord is how many bytes may stand between a mark and the next separator: the path of a folder, and some words.
const longestWord = 5000

func (l *listener) Write(p []byte) (int, error) {
	b := p
	if len(l.held) > 0 {
		b = append(l.held, p...)
		l.held = nil
	}
	for {
		at := bytes.Index(b, l.mark)
		if at < 0 {
			at = len(b) - beginning(l.mark, b)
			l.held = bytes.Clone(b[at:])
			return len(p), l.pass(b[:at])
		}
		if err := l.pass(b[:at]); err != nil {
			return 0, err
		}
		said := b[at+len(l.mark):]
		end := bytes.IndexByte(said, separator)
		switch {
		case end < 0 && len(said) <= longestWord:
			l.held = bytes.Clone(b[at:])
			return len(p), nil
		case end >= 0 && l.hear(string(said[:end])):
			b = said[end+1:]
		default: // the command has seen the mark, and prints it
			if err := l.pass(l.mark); err != nil {
				return 0, err
			}
			b = said
		}
	}
}

// beginning returns how many bytes at the end of b may be the beginning of mark.
func beginning(mark, b []byte) int {
	n := min(len(mark)-1, len(b))
	for !bytes.HasSuffix(b, mark[:n]) {
		n--
	}
	return n
}

// hear acts on a word of the wrapper. It returns false when it does not know the word.
func (l *listener) hear(word string) bool {
	why, cannot := strings.CutPrefix(word, "cannot ")
	switch {
	case cannot:
		l.cannot, l.remains = why, runner.Gone
	case word == "takes":
		l.take()
	case word == string(runner.Gone), word == string(runner.Alive), word == string(runner.Unknown):
		l.remains = runner.Remains(word)
	default:
		return false
	}
	return true
}

func (l *listener) pass(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	_, err := l.w.Write(b)
	return err
}

// flush passes on what was held back. It is called when no more arrives.
func (l *listener) flush() error {
	held := l.held
	l.held = nil
	return l.pass(held)
}
