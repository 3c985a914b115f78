package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"hail/inventory"
	"hail/runner"
)

// Head is what a record says about a run before anything has happened: run.json.
type Head struct {
	Version string       `json:"version"` // of hail
	Started time.Time    `json:"started"` // zero: when Create was called
	User    string       `json:"user"`
	Machine string       `json:"machine"`
	Argv    []string     `json:"argv"` // without the values of secret vars
	What    string       `json:"what"` // the action in a few words
	Plan    *runner.Plan `json:"plan"` // never nil
}

// Record writes a run to disk: it is the run's Outputs, and the Sink that comes before all others. Open may be called
// by many goroutines; the two writers that it returns are used by one goroutine at a time.
type Record struct {
	hostFiles
	head       Head
	journal    journalWriter
	lock       *flock.Flock
	handles    atomic.Int64 // how many more files may be kept open
	openLogs   sync.Map     // host name to *hostLog, from Open to the end of the attempt
	reserve    reserve
	summarized bool // WriteSummary has been called
}

// Create makes the folder of a run in dir, with its plan and the contents that the plan names, and locks it. The id of
// the run has to be one of NewRunID; the error wraps fs.ErrExist if the id is taken. openFiles is how many files may be
// kept open; with 0, each is opened for each write. The caller passes the Record to Run as its Outputs and to Drain as the
// first Sink, which closes it, and then calls Finish, whatever Drain has returned: until then, the run counts as going on.
func Create(dir string, head Head, blobs []Blob, openFiles int) (*Record, error) {
	if head.Plan == nil {
		return nil, errors.New("the run can't be recorded: it has no plan")
	}
	if _, err := Started(head.Plan.Run); err != nil { // it becomes a path
		return nil, fmt.Errorf("the run can't be recorded: %w", err)
	}
	if head.Started.IsZero() {
		head.Started = time.Now()
	}
	r := &Record{head: head, hostFiles: newHostFiles(filepath.Join(dir, head.Plan.Run), head.Plan.Hosts)}
	r.aside = new(atomic.Bool)
	r.handles.Store(int64(openFiles))
	if err := r.create(dir, blobs); err != nil {
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = fmt.Errorf("%s: %w", p.Path, p.Err)
		}
		return nil, fmt.Errorf("the run can't be recorded: %w", err)
	}
	return r, nil
}

// create makes the folder under another name first, so that any record that is found is complete. After an error it
// leaves nothing behind, as the disk may be full.
func (r *Record) create(dir string, blobs []Blob) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(r.dir); err == nil {
		return &fs.PathError{Op: "mkdir", Path: r.dir, Err: fs.ErrExist}
	}
	at := filepath.Join(dir, unfinishedPrefix+r.head.Plan.Run)
	if err := os.Mkdir(at, 0o700); err != nil { // exclusively: an existing folder or link is an error
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		if r.lock != nil {
			r.lock.Unlock()
		}
		if r.journal.file != nil {
			r.journal.file.Close()
		}
		os.RemoveAll(at)
		r.reserve.release()
	}()
	if err := r.fill(at, blobs); err != nil {
		return err
	}
	if err := os.Rename(at, r.dir); err != nil {
		return err
	}
	at = r.dir
	// Only now that the journal is locked: otherwise Prune would remove it.
	if err := r.reserve.keep(dir, r.head.Plan.Run, len(r.head.Plan.Hosts)); err != nil {
		return err
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	return renewLast(dir)
}

// fill begins and locks the journal in the folder dir, and writes what is known before anything has happened.
func (r *Record) fill(dir string, blobs []Blob) (err error) {
	path := filepath.Join(dir, journalFile)
	if r.journal.file, err = createFile(path); err != nil {
		return err
	}
	r.lock = flock.New(path)
	if err := r.lock.Lock(); err != nil {
		return err
	}
	if err := r.journal.spareFor(len(r.head.Plan.Hosts)); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, hostsFolder), 0o700); err != nil {
		return err
	}
	if err := (hostFiles{dir: dir}).writeBlobs(blobs); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r.head, "", "  ")
	if err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(dir, headFile), append(text, '\n')); err != nil {
		return err
	}
	return syncDir(dir)
}

// Open implements runner.Outputs: it makes the host's folder and begins its log. The files of the attempt before this
// one, whose end is in the journal, move to a folder of their own.
func (r *Record) Open(h inventory.Host, attempt int) (out, err io.WriteCloser, e error) {
	e = r.setAside(h.Name, attempt-1)
	var l *hostLog
	if e == nil {
		l, e = newHostLog(r, h, attempt)
	}
	if e != nil {
		r.reserve.noteError(e)
		return nil, nil, e
	}
	r.openLogs.Store(h.Name, l)
	return &l.stdout, &l.stderr, nil
}

// setAside moves the files of an attempt to attempt-1, attempt-2 … in the host's folder.
func (r *Record) setAside(host string, attempt int) error {
	if attempt < 1 {
		return nil
	}
	r.aside.Store(true)
	dir := r.attemptFolder(host, attempt)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{logFile, string(runner.Stdout), string(runner.Stderr)} {
		if err := os.Rename(filepath.Join(r.folder(host), name), filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Events implements Sink: it writes the journal first, then the ends of the hosts' logs.
func (r *Record) Events(batch []runner.Event) error {
	if err := r.insist(func() error { return r.journal.write(batch) }); err != nil {
		return err
	}
	if err := r.insist(r.journal.sync); err != nil {
		return err
	}
	if r.journal.full != nil { // there is still the spare room
		r.reserve.noteError(&fs.PathError{Op: "write", Path: filepath.Join(r.dir, journalFile), Err: r.journal.full})
	}
	for i := range batch {
		switch e := &batch[i]; {
		case e.Kind == runner.KindNote && e.Key == runner.NoteLeft:
			if l, ok := r.openLogs.Load(e.Host); ok {
				l.(*hostLog).left = e.Value
			}
		case e.Kind == runner.KindFinish || e.Kind == runner.KindRetry:
			if l, ok := r.openLogs.LoadAndDelete(e.Host); ok {
				if err := l.(*hostLog).finish(e, r.head.Plan.DryRun); err != nil {
					r.reserve.noteError(err)
				}
			}
		}
	}
	return nil
}

// insist does a step of writing the journal, and does it again if it fails and there was space in reserve.
func (r *Record) insist(step func() error) error {
	for {
		err := step()
		if err == nil {
			return nil
		}
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			p.Path = filepath.Join(r.dir, journalFile) // it was opened under another name
		}
		if !r.reserve.noteError(err) {
			return incomplete(err)
		}
	}
}

// Failed returns the first error in writing the record; nil as long as there is none. The journal goes on after it as
// long as it can: whoever carries out the run has to stop it in an orderly way.
func (r *Record) Failed() error { return r.reserve.firstError() }

// Close implements Sink.
func (r *Record) Close() error {
	if err := errors.Join(r.reserve.firstError(), r.journal.close()); err != nil {
		return incomplete(unlessRemoved(r.dir, err))
	}
	return nil
}

// incomplete says that err is about the record of a run, so that nobody thinks that the run itself stopped.
func incomplete(err error) error { return fmt.Errorf("the record is incomplete: %w", err) }

// WriteSummary writes the files that are made from the summary, into the space reserved for them. All of it is in the
// journal, too, so a failure here loses nothing but these files. The record stays locked, so that nobody removes it.
func (r *Record) WriteSummary(s *Summary) error {
	r.summarized = true
	return r.unlessFailed(errors.Join(r.reserve.release(), r.writeSummary(s)))
}

// Finish writes the files that are made from the summary, unless WriteSummary has done so, and releases the lock.
func (r *Record) Finish(s *Summary) error {
	var err error
	if !r.summarized {
		err = r.WriteSummary(s)
	}
	return errors.Join(err, r.unlessFailed(r.lock.Unlock()))
}

// unlessFailed returns err as one of the record, or nil if Failed has an error: that one has been reported already.
func (r *Record) unlessFailed(err error) error {
	if err == nil || r.Failed() != nil {
		return nil
	}
	return incomplete(unlessRemoved(r.dir, err))
}

func (r *Record) writeSummary(s *Summary) error {
	text, err := json.MarshalIndent(s.asJSON(), "", " ")
	if err != nil {
		return err
	}
	var plain bytes.Buffer
	Text(&plain, s, r, Style{Width: 100})
	files := map[string][]byte{summaryFile: append(text, '\n'), "summary.txt": plain.Bytes(), "hosts.csv": hostsCSV(s)}
	for _, status := range runner.Statuses {
		var names []byte
		for i := range s.Hosts {
			if s.Hosts[i].Status == status {
				names = append(append(names, s.Hosts[i].Host...), '\n')
			}
		}
		if names != nil {
			files[string(status)+".hosts"] = names
		}
	}
	var all sync.WaitGroup // the disk needs as long for all of them as for one
	failed := make(chan error, len(files))
	for name, text := range files {
		all.Go(func() { failed <- writeWhole(filepath.Join(r.dir, name), text) })
	}
	all.Wait()
	close(failed)
	for e := range failed {
		err = errors.Join(err, e)
	}
	return err
}
