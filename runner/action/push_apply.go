package action

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

//go:embed sh/apply.sh
var applyScript string

// apply does the steps on the host, in one command that finishes or takes back what it has begun, even when we are gone.
func (p Push) apply(ctx context.Context, t *runner.Target, c *comparison, have *found) error {
	nonce := rand.Text()
	in, table, size, err := p.input(c, have, ".hail-"+nonce)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	stream := "tar"
	switch {
	case len(c.steps) == 0 && !c.remembers:
		stream = "none"
	case !slices.ContainsFunc(c.steps, func(s *step) bool { return s.sent() }):
		stream = "table"
	}
	onFailure := "rollback"
	if p.Keep {
		onFailure = "keep"
	}
	line := fmt.Sprintf("sh -c %s hail %s %s %d %d %d %s", runner.Quote(applyScript), nonce, onFailure, p.Patience, p.Backup, table, stream)
	o := outcome{push: &p}
	reader, writer := io.Pipe()
	var sending sync.WaitGroup
	sending.Go(func() {
		// Without a buffer, each header and each small file would be a packet of its own.
		buffered := bufio.NewWriterSize(writer, 32<<10)
		writer.CloseWithError(errors.Join(in(buffered), buffered.Flush()))
	})
	err = program.Run(ctx, t, nonce, line, runner.Stdio{In: reader, Size: size}, o.hear)
	reader.Close()
	sending.Wait()
	if err != nil {
		return err
	}
	return o.result(t, len(c.steps) > 0)
}

// sent says whether something of the step is in the stream.
func (s *step) sent() bool { return s.what != meta && s.what != remove }

// input is the table, and the stream of tar; their sizes are known beforehand. staged is the name of the folders for what is new.
func (p Push) input(c *comparison, have *found, staged string) (write func(io.Writer) error, tableSize int, size int64, err error) {
	table, files := p.table(c, have, staged)
	var headers []*bytes.Buffer
	var sent []*step
	slices.SortStableFunc(c.steps, byPath)
	size = int64(len(table))
	for _, s := range c.steps {
		if !s.sent() {
			continue
		}
		h := &tar.Header{Name: strings.TrimPrefix(files[s], "/"), Mode: int64(s.mode), Uid: s.uid, Gid: s.gid, Format: tar.FormatGNU, ModTime: time.Now(), Typeflag: tar.TypeReg, Size: s.item.Size}
		switch s.item.Kind {
		case Folder:
			h.Typeflag, h.Name, h.Size = tar.TypeDir, h.Name+"/", 0
		case Link:
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, string(s.item.Target), 0
		}
		var b bytes.Buffer
		if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
			return nil, 0, 0, err
		}
		headers, sent = append(headers, &b), append(sent, s)
		size += int64(b.Len()) + padded(h.Size)
	}
	if len(sent) > 0 {
		size += 1024
	}
	return func(w io.Writer) error {
		if _, err := io.WriteString(w, table); err != nil {
			return err
		}
		for i, s := range sent {
			if _, err := w.Write(headers[i].Bytes()); err != nil {
				return err
			}
			if s.item.Kind != File {
				continue
			}
			if err := p.send(w, s.item); err != nil {
				return err
			}
		}
		if len(sent) == 0 {
			return nil
		}
		_, err := w.Write(make([]byte, 1024))
		return err
	}, len(table), size, nil
}

func padded(size int64) int64 { return (size + 511) &^ 511 }

// send writes the content of a file, up to a whole block.
func (p Push) send(w io.Writer, item *Item) error {
	content, size, err := p.sources.Blob(item.Digest)
	if err != nil {
		return err
	}
	defer content.Close()
	if size != item.Size {
		return fmt.Errorf("%s: the content has %d bytes, and not %d", item.Path, size, item.Size)
	}
	if _, err := io.CopyN(w, content, size); err != nil {
		return err
	}
	_, err = w.Write(make([]byte, padded(size)-size))
	return err
}

// table is the list of the steps, as sh/apply.sh describes it; the paths are where what is sent is staged.
func (p Push) table(c *comparison, have *found, staged string) (text string, at map[*step]string) {
	at = map[*step]string{}
	made := map[string]string{} // folders that are made, and where they are staged
	sections := map[string]*section{}
	var order, rest []string
	in := func(folder string) *section {
		if sections[folder] == nil {
			order = append(order, folder)
			sections[folder] = &section{names: map[byte][]string{}}
		}
		return sections[folder]
	}
	steps := slices.Clone(c.steps)
	slices.SortStableFunc(steps, byPath)
	for _, s := range steps {
		folder, name := path.Split(string(s.item.Path))
		folder = path.Clean(folder)
		word := program.Word(name)
		if above, inside := made[folder]; inside {
			at[s] = above + "/" + name
		} else {
			at[s] = path.Join(folder, staged, name)
			switch s.what {
			case create:
				in(folder).add('c', word)
				rest = append(rest, "n "+program.Word(string(s.item.Path)))
			case content:
				mode, own := "-", "-"
				if s.item.Mode != 0 {
					mode = fmt.Sprintf("%04o", s.mode)
				}
				if s.item.Owner != "" || s.item.Group != "" {
					own = fmt.Sprintf("%d:%d", s.uid, s.gid)
				}
				in(folder).add('r', word)
				in(folder).lines = append(in(folder).lines, strings.Join([]string{"a", word, mode, own}, " "))
			case retype:
				in(folder).add('t', word)
			case remove:
				in(folder).add('x', word)
			case meta:
				own := "-"
				if s.uid != s.have.uid || s.gid != s.have.gid {
					own = fmt.Sprintf("%d:%d", s.uid, s.gid)
				}
				in(folder).lines = append(in(folder).lines, fmt.Sprintf("m %s %04o %s %04o %d:%d", word, s.mode, own, s.have.mode, s.have.uid, s.have.gid))
			}
			if k := s.have.kind; k == 'f' || k == 'l' {
				rest = append(rest, "e "+program.Word(string(s.item.Path))+" "+s.have.stat)
				if k == 'f' {
					rest = append(rest, "i "+program.Word(string(s.item.Path)))
				}
			}
		}
		if s.item.Kind == Folder && s.what == create {
			made[string(s.item.Path)] = at[s]
		}
		if s.item.Kind == File && s.sent() {
			rest = append(rest, "s "+s.item.Digest+" "+program.Word(at[s]))
			if s.item.Check != "" {
				rest = append(rest, "v "+program.Word(strings.ReplaceAll(s.item.Check, stagedMark, runner.Quote(at[s]))))
			}
		}
		rest = append(rest, "F "+program.Word(string(s.item.Path)))
	}
	var b strings.Builder
	for _, folder := range order {
		fmt.Fprintf(&b, "P %s\n", program.Word(folder))
		for _, op := range []byte("crtx") {
			if names := sections[folder].names[op]; names != nil {
				fmt.Fprintf(&b, "%c %s\n", op, strings.Join(names, " "))
			}
		}
		for _, line := range sections[folder].lines {
			b.WriteString(line + "\n")
		}
	}
	for _, line := range rest {
		b.WriteString(line + "\n")
	}
	for folder, paths := range c.managed {
		key := managedKey(folder)
		fmt.Fprintf(&b, "M %s\n", key)
		for _, one := range paths {
			fmt.Fprintf(&b, "k %s %s\n", key, program.Word(one))
		}
	}
	for _, check := range p.Check {
		fmt.Fprintf(&b, "V %s\n", program.Word(check))
	}
	for _, h := range p.Handlers {
		if c.notified[h.Name] {
			fmt.Fprintf(&b, "H %s %d %s\n", program.Word(h.Name), wholeSeconds(h.Timeout, time.Minute), program.Word(h.Run))
		}
	}
	for _, h := range p.Health {
		fmt.Fprintf(&b, "C %s %d %d %s\n", program.Word(h.Name), wholeSeconds(h.Timeout, 10*time.Second), wholeSeconds(h.Interval, time.Second), program.Word(h.Run))
	}
	return b.String(), at
}

// section is what happens in one folder.
type section struct {
	names map[byte][]string // by what is done with them
	lines []string
}

func (s *section) add(op byte, name string) { s.names[op] = append(s.names[op], name) }

// stagedMark stands for the path of the staged file in the command that checks it.
const stagedMark = "{{staged}}"

func wholeSeconds(d runner.Duration, otherwise time.Duration) int {
	if d == 0 {
		return int(otherwise.Seconds())
	}
	return int((d.Value() + time.Second - 1) / time.Second)
}

// outcome is what the host said of a push.
type outcome struct {
	push    *Push
	said    string // the word that tells how it ended
	why     error
	reason  runner.Reason
	settled bool
	back    bool // it was rolled back
	stuck   bool
}

// hear takes in one answer of sh/apply.sh.
func (o *outcome) hear(kind, rest string) error {
	name := decodePath(rest)
	blame := func(reason runner.Reason, format string, args ...any) {
		if o.why == nil {
			o.reason, o.why = reason, fmt.Errorf(format, args...)
		}
	}
	switch kind {
	case "settled":
		o.settled = true
	case "changed", "kept", "done":
		o.said = kind
	case "rolled-back":
		if o.why != nil { // otherwise it is that of an earlier push
			o.back, o.said = true, kind
		}
	case "stuck":
		o.stuck, o.said = true, kind
	case "refused":
		blame(Validation, "not accepted: %s", name)
	case "handler":
		blame(HandlerFailed, "the handler %s failed", name)
	case "unhealthy":
		blame(Unhealthy, "the health check %s did not pass in time", name)
	case "locked":
		o.said = kind
		blame(Locked, "another push is at work on the host")
	case "immutable":
		blame("", "%s is immutable (chattr)", name)
	case "moved":
		blame("", "%s", strings.TrimSuffix("a file was changed on the host meanwhile: "+name, ": -"))
	case "error":
		o.said = kind
		blame("", "%s", map[string]string{"state": "the folder for the state of pushes can't be written", "stage": "what is new can't be put beside the old: see the host's log",
			"attributes": "the rights of the old file can't be given to the new one", "rename": "the files can't be renamed: see the host's log"}[rest])
	case "stopped":
		o.said = kind
		blame("", "stopped before anything was changed")
	}
	if kind == "error" && o.why != nil && o.why.Error() == "" {
		o.why = errors.New(rest)
	}
	return nil
}

// The reasons of Failed that a push has.
const (
	Validation    runner.Reason = "validate"
	HandlerFailed runner.Reason = "handler"
	Unhealthy     runner.Reason = "health"
	Locked        runner.Reason = "locked"
)

// result is how the push ended.
func (o *outcome) result(t *runner.Target, steps bool) error {
	if o.settled {
		t.Note("settled", "an earlier push that was killed")
	}
	status := runner.Failed
	if o.reason == "" {
		status = runner.Error
	}
	switch {
	case o.stuck:
		return &runner.Failure{Status: status, Reason: o.reason, Stop: true, Err: fmt.Errorf("%w, and it could not be taken back: look at the host", o.why)}
	case o.why != nil && o.back:
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; rolled back", o.why)}
	case o.why != nil && o.said == "kept":
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; the new files stay", o.why)}
	case o.why != nil:
		return &runner.Failure{Status: status, Reason: o.reason, Err: fmt.Errorf("%w; nothing was changed", o.why)}
	case o.said == "":
		return &runner.Failure{Status: runner.Error, Err: errors.New("the host did not say how it ended; the next push settles it")}
	}
	if steps {
		t.Changed()
	}
	return nil
}

// showDiff prints what differs, as diff -u does; what is secret, or no text, is only named.
func (p Push) showDiff(ctx context.Context, t *runner.Target, c *comparison) error {
	olds, err := p.oldContents(ctx, t, c)
	if err != nil {
		return err
	}
	for _, s := range c.steps {
		fmt.Fprintf(t.Out, "%s %s\n", s.verb(), s.item.Path)
		if s.item.Kind != File || s.what == meta || s.item.Secret || s.item.Size > longestShown {
			continue
		}
		content, _, err := p.sources.Blob(s.item.Digest)
		if err != nil {
			return &runner.Failure{Status: runner.Error, Err: err}
		}
		now, err := io.ReadAll(content)
		content.Close()
		if err != nil {
			return &runner.Failure{Status: runner.Error, Err: err}
		}
		fmt.Fprint(t.Out, textDiff(olds[s], string(now)))
	}
	return nil
}

// longestShown is the longest content whose lines are compared.
const longestShown = 256 << 10

// oldContents gets the contents of the files that change, in one command.
func (p Push) oldContents(ctx context.Context, t *runner.Target, c *comparison) (map[*step]string, error) {
	var wanted []*step
	var in strings.Builder
	total := int64(0)
	for _, s := range c.steps {
		if s.what == content && !s.item.Secret && s.have.size <= longestShown && s.item.Size <= longestShown {
			wanted = append(wanted, s)
			in.WriteString(string(s.item.Path) + "\x00")
			total += s.have.size
		}
	}
	olds := map[*step]string{}
	if wanted == nil {
		return olds, nil
	}
	var out bytes.Buffer
	if err := t.Exec(ctx, "xargs -r -0 cat --", runner.Stdio{In: strings.NewReader(in.String()), Size: int64(in.Len()), Out: &out, Err: t.Err}); err != nil {
		return nil, err
	}
	if int64(out.Len()) != total {
		return nil, &runner.Failure{Status: runner.Error, Err: errors.New("a file was changed on the host meanwhile")}
	}
	for _, s := range wanted {
		olds[s] = string(out.Next(int(s.have.size)))
	}
	return olds, nil
}
