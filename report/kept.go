package report

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"hail/runner"
)

// kept says which part of an output its file has: so many of its first bytes and, after so many that are left out, so
// many of its last ones. It has no last ones if hail was killed, or is still at work on it.
type kept struct{ first, left, last int64 }

// keptIn returns what f has of an output of this length. limit is how much of it is kept; with 0, whatever f has counts
// as its first bytes. It leaves f at its beginning.
func keptIn(f io.Seeker, length, limit int64) (k kept, err error) {
	if k.first, err = f.Seek(0, io.SeekEnd); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	k.left = max(0, length-k.first)
	if k.left > 0 && limit > 0 {
		k.last = max(0, k.first-headSize(limit))
		k.first -= k.last
	}
	return k, err
}

// ends returns k with at most so many bytes at each end.
func (k kept) ends(most int64) kept {
	first, last := min(k.first, most), k.last
	if k.left == 0 {
		last = k.first - first
	}
	last = min(last, most)
	return kept{first, k.first + k.left + k.last - first - last, last}
}

// openKept opens what a host printed on a stream, and returns what there is of it, as keptIn does. Reading it to its end
// from its beginning ends with errDamaged if it has changed since the host has ended. The caller closes it.
func openKept(files Files, r *Result, stream runner.Stream) (f io.ReadSeekCloser, has kept, err error) {
	if f, err = files.Output(r.Host, stream); err != nil {
		return nil, has, err
	}
	if has, err = keptIn(f, r.output(stream).Length, r.limit); err != nil {
		f.Close()
		return nil, has, err
	}
	if has.first > 0 && has.left == 0 && !r.Ended.IsZero() {
		f = &checked{ReadSeekCloser: f, want: *r.output(stream)}
	}
	return f, has, nil
}

var errDamaged = errors.New("damaged: this is not what the host printed")

// sayDamaged writes in a line that what has been read is damaged, if err says so. It returns any other error.
func sayDamaged(w io.Writer, err error) error {
	if errors.Is(err, errDamaged) {
		_, err = fmt.Fprintf(w, "\n… %v …\n", err)
	}
	return err
}

// checked compares what is read of an output with what the host printed.
type checked struct {
	io.ReadSeekCloser
	want, got Output // got: since the last Seek
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadSeekCloser.Read(p)
	c.got.Length += int64(n)
	c.got.Checksum = crc32.Update(c.got.Checksum, castagnoli, p[:n])
	if err == io.EOF && c.got.Length >= c.want.Length && c.got != c.want {
		err = errDamaged
	}
	return n, err
}

func (c *checked) Seek(offset int64, whence int) (int64, error) {
	c.got = Output{}
	return c.ReadSeekCloser.Seek(offset, whence)
}

// gap is what is shown in place of n bytes of an output that are left out.
func gap(n int64) string { return fmt.Sprintf("\n… %s left out …\n", Plural(n, "byte")) }
