package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hail/runner"
)

// journalWriter writes batches: each takes one write, and one sync if it holds anything that has to be on disk before
// it is shown.
type journalWriter struct {
	file    *os.File
	buf     []byte
	size    int64 // of the batches that were written whole
	durable bool  // the last batch has to be on disk
	spare   int64 // how much room to keep behind what is written, for what has to be said when the disk is full
	room    int64 // what the file has on the disk
	full    error // why it got no more
}

// The spare room is enough for the ends of all hosts. What the file has grows in steps, not with each batch.
const (
	spareSize    = 64 << 10
	sparePerHost = 512
	roomStep     = 64 << 10
)

// spareFor keeps the spare room for a run on so many hosts from now on.
func (j *journalWriter) spareFor(hosts int) error {
	j.spare = spareSize + int64(hosts)*sparePerHost
	return j.keepRoom(0)
}

// keepRoom keeps the spare room behind the next so many bytes. If it can't, it notes why, and does not try again.
func (j *journalWriter) keepRoom(next int) error {
	if need := j.size + int64(next) + j.spare; need > j.room && j.full == nil {
		if j.full = allocateBehind(j.file, need+roomStep); j.full == nil {
			j.room = need + roomStep
		}
	}
	return j.full
}

// close closes the file, without the room that it did not need.
func (j *journalWriter) close() error {
	return errors.Join(j.file.Truncate(j.size), j.file.Close())
}

func (j *journalWriter) write(batch []runner.Event) error {
	j.buf, j.durable = j.buf[:0], false
	for i := range batch {
		j.buf = appendLine(j.buf, &batch[i])
		switch batch[i].Kind {
		case runner.KindPlan, runner.KindRetry, runner.KindFinish, runner.KindEnd:
			j.durable = true
		}
	}
	j.keepRoom(len(j.buf)) // without more room, this write takes the spare one
	if n, err := j.file.Write(j.buf); err != nil {
		if n > 0 { // a torn line may only be the last one
			err = errors.Join(err, j.file.Truncate(j.size))
			j.room = 0
		}
		return err
	}
	j.size += int64(len(j.buf))
	return nil
}

func (j *journalWriter) sync() error {
	if !j.durable {
		return nil
	}
	return datasync(j.file)
}

// DamageError says that a journal is damaged in the middle, so that what follows can't be trusted.
type DamageError struct {
	Path   string
	Line   int
	Offset int64 // of the line
}

// Error names the place.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s:%d: the journal is damaged here (byte %d)", e.Path, e.Line, e.Offset)
}

// journalReader reads a journal back. After the events, torn says how many bytes at the end were not a whole line, and
// err why reading ended early.
type journalReader struct {
	path string
	plan *runner.Plan
	torn int
	err  error
}

const batchSize = 512

// events yields what the journal holds, in batches that share one slice. At the end of the file, more reports
// whether to look again.
func (j *journalReader) events(more func() bool) iter.Seq[[]runner.Event] {
	return func(yield func([]runner.Event) bool) {
		j.torn, j.err = 0, nil
		f, err := openRegular(j.path)
		if err != nil {
			j.err = unlessRemoved(filepath.Dir(j.path), err)
			return
		}
		defer f.Close()
		lines := lineReader{Reader: bufio.NewReaderSize(f, 64<<10)}
		batch := make([]runner.Event, 0, batchSize)
		for {
			batch, err = j.read(&lines, batch[:0])
			if len(batch) > 0 && !yield(batch) {
				return
			}
			switch {
			case err == nil, err == io.EOF && more(): // there may be another batch
			case err == io.EOF, err == errTorn:
				j.torn = len(lines.line)
				return
			default:
				j.err = err
				return
			}
		}
	}
}

// errTorn says that the last line is none of this journal, although it has its end.
var errTorn = errors.New("the last line is torn")

// read fills the batch. The error is io.EOF at the end of the file, where reading can go on once there is more.
func (j *journalReader) read(lines *lineReader, batch []runner.Event) ([]runner.Event, error) {
	for len(batch) < batchSize {
		if err := lines.next(); err != nil {
			return batch, err
		}
		e, ok := j.event(lines.line)
		switch {
		case ok:
			batch = append(batch, e)
		case lines.last():
			return batch, errTorn
		default:
			return batch, &DamageError{j.path, lines.number, lines.offset}
		}
	}
	return batch, nil
}

// event returns the event of a line, which ends with its newline. It is not ok if that is none of this journal.
func (j *journalReader) event(line []byte) (e runner.Event, ok bool) {
	e, ok = parseLine(line[:len(line)-1])
	if !ok || !namesFiles(&e) {
		return e, false
	}
	e.MakePrintable()
	if e.Kind == runner.KindPlan {
		e.Plan = j.plan
	}
	return e, true
}

// namesFiles reports whether host and stream of an event can be the names of files: whoever wrote the record might lead
// out of it.
func namesFiles(e *runner.Event) bool {
	return !strings.Contains(e.Host, "/") && (e.Stream == "" || slices.Contains(streams[:], e.Stream))
}

// lineReader reads the lines of a file that may grow.
type lineReader struct {
	*bufio.Reader
	line   []byte // as far as it has been read
	whole  bool   // the line has its end
	number int    // of the line, from 1
	offset int64  // of the line
}

// next reads the next line, with its newline. After io.EOF, it goes on with the line that has no end yet.
func (l *lineReader) next() error {
	if l.whole || l.number == 0 {
		l.number++
		l.offset += int64(len(l.line))
		l.line = l.line[:0]
	}
	rest, err := l.ReadBytes('\n')
	l.line, l.whole = append(l.line, rest...), err == nil
	return err
}

// last reports whether nothing follows the line.
func (l *lineReader) last() bool {
	_, err := l.Peek(1)
	return err != nil
}
