package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hail/inventory"
	"hail/runner"
)

// hostLog writes the files of one host. The log is for people: a header, each line of output after its time and stream,
// a trailer. As every line of output has that prefix, nothing that a host prints can pass for the rest. The raw bytes
// are next to it, each stream in a file that is created at its first byte.
type hostLog struct {
	reserve        *reserve
	log            file
	stdout, stderr logStream
	logged         int          // how many bytes of output the log has
	full           bool         // the log takes no more output
	left           string       // a note on what the command has left running
	text           bytes.Buffer // what a Write or Close adds to the log
}

// logStream writes one stream to its file and, line by line, to the log.
type logStream struct {
	*hostLog
	output capped
	prefix string
	tail   []byte // the beginning of a line whose end has not arrived
}

// clockFormat is the time in front of a line.
const clockFormat = "15:04:05.000 "

// longestTail is how many bytes of a line without an end are held back from the log.
const longestTail = 64 << 10

// The log has the first loggedWhole bytes of output. After that, it has only the end of each piece that arrives, up to
// loggedPiece bytes, and says where the rest is: nobody reads further, and writing everything twice would cost more than
// getting it from the host.
const (
	loggedWhole = 256 << 10
	loggedPiece = 1 << 10
)

func newHostLog(r *Record, h inventory.Host, attempt int) (*hostLog, error) {
	dir := r.folder(h.Name)
	if attempt == 1 {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
	}
	l := &hostLog{reserve: &r.reserve, log: file{path: filepath.Join(dir, logFile), handles: &r.handles}}
	output := func(s runner.Stream) capped {
		return capped{file: file{path: filepath.Join(dir, string(s)), handles: &r.handles}, limit: r.head.Plan.MaxOutput}
	}
	l.stdout = logStream{hostLog: l, output: output(runner.Stdout), prefix: "out| "}
	l.stderr = logStream{hostLog: l, output: output(runner.Stderr), prefix: "err| "}
	c := h.Connection
	where := h.Name
	if c.Address != "" {
		where += " at " + c.Address
	}
	if c.Port != 0 {
		where += fmt.Sprintf(" port %d", c.Port)
	}
	if c.User != "" {
		where += " as " + c.User
	}
	_, err := fmt.Fprintf(&l.log, "# run     %s\n# host    %s\n# what    %s\n# attempt %d, %s\n",
		r.head.Plan.Run, where, OneLine(r.head.What), attempt, time.Now().UTC().Format(time.RFC3339))
	return l, err
}

// Write fails if the disk does, which ends the host: output that nobody keeps should not go on. Once it has failed for
// one host, it fails for all: the reserved space is for what is left to be said of the run.
func (s *logStream) Write(p []byte) (int, error) {
	if err := s.reserve.firstError(); err != nil {
		return 0, err
	}
	n, err := s.write(p)
	if err != nil {
		s.reserve.noteError(err)
	}
	return n, err
}

func (s *logStream) write(p []byte) (int, error) {
	n, err := s.output.Write(p)
	if err != nil || s.full {
		return n, err
	}
	s.text.Reset()
	if s.output.leftOut() > 0 {
		s.full = true
		s.stdout.tail, s.stderr.tail = nil, nil
		s.text.WriteString("# over --max-output: no more output here; its end is in the files stdout and stderr\n")
	} else {
		s.addLines(p)
	}
	if s.text.Len() > 0 {
		_, err = s.log.Write(s.text.Bytes())
	}
	return n, err
}

// addLines adds to text the lines that p completes, and holds back the beginning of one that it does not.
func (s *logStream) addLines(p []byte) {
	now := time.Now().UTC().Format(clockFormat)
	stamp := now + s.prefix
	rest := s.abridge(p, now)
	s.logged += len(rest)
	for {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			break
		}
		s.text.WriteString(stamp)
		s.text.Write(s.tail)
		s.text.Write(rest[:end])
		s.tail = s.tail[:0]
		rest = rest[end:]
	}
	if s.tail = append(s.tail, rest...); len(s.tail) > longestTail {
		s.endLine(stamp)
	}
}

// abridge returns the part of p that goes to the log: all of it, or its last lines, with a note before them on what is
// left out.
func (s *logStream) abridge(p []byte, now string) []byte {
	if s.logged < loggedWhole || len(p) <= loggedPiece {
		return p
	}
	cut := len(p) - loggedPiece
	cut += bytes.IndexByte(p[cut:len(p)-1], '\n') + 1 // the next line, if there is one
	left := int64(len(s.tail) + cut)
	s.tail = s.tail[:0]
	fmt.Fprintf(&s.text, "# %s%s left out here, from byte %d on: see the file %s\n", now, Plural(left, "byte"), s.output.size-int64(len(p)-cut)-left, filepath.Base(s.output.path))
	return p[cut:]
}

// endLine ends a line that has no end yet.
func (s *logStream) endLine(stamp string) {
	if len(s.tail) > 0 {
		s.text.WriteString(stamp)
		s.text.Write(s.tail)
		s.text.WriteByte('\n')
		s.tail = nil
	}
}

// LeftOut returns how many bytes of the stream are not kept; the runner asks for it.
func (s *logStream) LeftOut() int64 { return s.output.leftOut() }

// Close writes a line that has no end yet. The log itself stays open for the trailer.
func (s *logStream) Close() error {
	s.text.Reset()
	s.endLine(time.Now().UTC().Format(clockFormat) + s.prefix)
	var err error
	if s.text.Len() > 0 {
		_, err = s.log.Write(s.text.Bytes())
	}
	if e := s.output.Close(); err == nil {
		err = e
	}
	return err
}

// finish writes the trailer of an attempt, which e ends, and closes the log.
func (l *hostLog) finish(e *runner.Event, dryRun bool) error {
	var b bytes.Buffer
	r := resultOf(e)
	fmt.Fprintf(&b, "# ended   %s %s", e.Time.UTC().Format(time.RFC3339), r.ending(dryRun))
	if why := r.why(); why != "" {
		fmt.Fprintf(&b, ": %s", why)
	}
	if e.Remains != "" {
		fmt.Fprintf(&b, " (%s)", remainsText(e.Remains))
	}
	if l.left != "" {
		fmt.Fprintf(&b, "\n# left    %s", l.left)
	}
	if e.Kind == runner.KindRetry {
		fmt.Fprintf(&b, "\n# retry   in %v", e.Delay.Round(time.Millisecond))
	}
	fmt.Fprintf(&b, "\n# output  %s, %s\n", l.stdout.output.account("stdout"), l.stderr.output.account("stderr"))
	if _, err := l.log.Write(b.Bytes()); err != nil {
		return err
	}
	return l.log.Close()
}
