package report

import (
	"fmt"
	"io"
	"strings"

	"hail/runner"
)

// excerpt returns the end of what a host printed, at most so many bytes, harmless for a terminal. It says so if
// something is left out or can't be read.
func (r *Report) excerpt(host *Result, stream runner.Stream, most int64) string {
	if host.output(stream).Length == 0 {
		return ""
	}
	var b strings.Builder
	if err := r.copyEnd(&b, host, stream, most); err != nil {
		fmt.Fprintf(&b, "… can't be read: %s\n", OneLine(err.Error()))
	}
	return b.String()
}

func (r *Report) copyEnd(w io.Writer, host *Result, stream runner.Stream, most int64) error {
	end, before, after, err := r.openEnd(host, stream, most)
	if err != nil {
		return err
	}
	defer end.Close()
	if before {
		if _, err := io.WriteString(w, "… \n"); err != nil {
			return err
		}
	}
	if err := sayDamaged(w, CleanCopy(w, end)); err != nil {
		return err
	}
	if after {
		_, err = io.WriteString(w, "… \n")
	}
	return err
}

// openEnd opens the end of what a host printed, at most so many bytes, and reports whether something is left out before
// or after them. The caller closes it.
func (r *Report) openEnd(host *Result, stream runner.Stream, most int64) (end io.ReadCloser, before, after bool, err error) {
	f, has, err := openKept(r.Files, host, stream)
	if err != nil {
		return nil, false, false, err
	}
	from := max(0, has.first+has.last-most)
	if has.last > 0 { // the last bytes do not follow the first ones
		from = max(from, has.first)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		f.Close()
		return nil, false, false, err
	}
	end = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, most), f}
	return end, from > 0 || has.last > 0, has.left > 0 && has.last == 0, nil
}
