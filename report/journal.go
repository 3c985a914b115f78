package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"strconv"

	"hail/runner"
)

// A journal is the events of a run, one JSON object per line, append-only. The last field of each line is the CRC32C of
// the object without that field. The plan itself is left out: it is in run.json.

const journalFile = "journal.jsonl"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcSuffix = len(`,"crc":"00000000"}`)

// parseLine is the inverse of appendLine, for a line without its newline.
func parseLine(line []byte) (e runner.Event, ok bool) {
	n := len(line) - crcSuffix
	if n < 1 || !bytes.HasPrefix(line[n:], []byte(`,"crc":"`)) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return e, false
	}
	want, err := strconv.ParseUint(string(line[n+8:n+16]), 16, 32)
	sum := crc32.Update(crc32.Checksum(line[:n], castagnoli), castagnoli, []byte("}"))
	if err != nil || uint32(want) != sum || !bytes.Equal(line[n+8:n+16], fmt.Appendf(nil, "%08x", sum)) {
		return e, false
	}
	return e, json.Unmarshal(append(line[:n:n], '}'), &e) == nil
}

// journalWriter writes batches: each takes one write, and one sync if it holds anything that has to be on disk before
// it is shown.
type journalWriter struct {
	file    *os.File
	buf     []byte
	size    int64 // of the batches that were written whole
	durable bool  // the last batch has to be on disk
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
	if n, err := j.file.Write(j.buf); err != nil {
		if n > 0 { // a torn line may only be the last one
			err = errors.Join(err, j.file.Truncate(j.size))
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

// events yields what the journal holds, in batches that share one slice. At the end of the file, more says whether to
// look again.
func (j *journalReader) events(more func() bool) iter.Seq[[]runner.Event] {
	return func(yield func([]runner.Event) bool) {
		j.torn, j.err = 0, nil
		f, err := os.Open(j.path)
		if err != nil {
			j.err = err
			return
		}
		defer f.Close()
		batch := make([]runner.Event, 0, batchSize)
		r := bufio.NewReaderSize(f, 64<<10)
		offset := int64(0)
		var line []byte
		for number := 1; ; {
			rest, err := r.ReadBytes('\n')
			if line = append(line, rest...); err != nil {
				if !errors.Is(err, io.EOF) {
					j.err = err
					break
				}
				if len(batch) > 0 {
					if !yield(batch) {
						return
					}
					batch = batch[:0]
				}
				if more() {
					continue
				}
				j.torn = len(line)
				break
			}
			e, ok := parseLine(line[:len(line)-1])
			if !ok {
				if _, behind := r.Peek(1); behind == nil {
					j.err = &DamageError{j.path, number, offset}
				} else {
					j.torn = len(line)
				}
				break
			}
			number, offset, line = number+1, offset+int64(len(line)), line[:0]
			if e.Kind == runner.KindPlan {
				e.Plan = j.plan
			}
			if batch = append(batch, e); len(batch) == batchSize {
				if !yield(batch) {
					return
				}
				batch = batch[:0]
			}
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}
