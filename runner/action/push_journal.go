package action

import (
	"archive/tar"
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

// staging is a step of which something is sent, and where it is put before it is renamed into its place.
type staging struct {
	*step
	at string
}

// journal writes what the host has to know of a push, as sh/apply.sh describes it, in a stream of tar, and returns what is to be sent
// behind it. staged is the name of the folders for what is new.
func (p *Push) journal(to *bytes.Buffer, c *comparison, staged string) (sent []staging, err error) {
	j := journal{of: map[string]*bytes.Buffer{}}
	made := map[string]string{} // folders that are made, and where they are staged
	folders := map[string]string{}
	j.file("staged").WriteString(staged)
	table := j.file("table")
	slices.SortStableFunc(c.steps, byPath)
	for _, s := range c.steps {
		folder, name := path.Split(string(s.item.Path))
		folder = path.Clean(folder)
		at, inside := made[folder]
		if at += "/" + name; !inside {
			at = path.Join(folder, staged, name)
			in := folders[folder]
			if in == "" {
				in = fmt.Sprintf("%d/", len(folders)+1)
				folders[folder] = in
				j.file(in + "folder").WriteString(program.Word(folder) + "\n")
			}
			j.step(in, name, s)
		}
		if s.item.Kind == Folder && s.what == create {
			made[string(s.item.Path)] = at
		}
		if s.sent() {
			sent = append(sent, staging{s, at})
		}
		if s.sent() && s.item.Kind == File {
			j.list("files", at)
			j.file("sums").WriteString(s.item.Digest + "\n")
			if s.item.Check != "" {
				check, err := p.command(s.item.Check, c)
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(table, "v %s\n", program.Word(strings.ReplaceAll(check, stagedMark, runner.Quote(at))))
			}
		}
	}
	j.changed(c, p.Keep)
	for folder, paths := range c.managed {
		j.words("managed/"+managedKey(folder), paths)
	}
	for _, check := range p.Check {
		if check, err = p.command(check, c); err != nil {
			return nil, err
		}
		fmt.Fprintf(table, "V %s\n", program.Word(check))
	}
	for _, h := range p.Handlers {
		if !c.notified[h.Name] {
			continue
		}
		if h.Run, err = p.command(h.Run, c); err != nil {
			return nil, err
		}
		fmt.Fprintf(table, "H %s %d %s\n", program.Word(h.Name), wholeSeconds(h.Timeout, time.Minute), program.Word(h.Run))
	}
	if err := j.health(c.health); err != nil {
		return nil, err
	}
	j.file("staging") // the last one
	return sent, j.tar(to)
}

// changed adds the paths for handlers, and what of them is owed in the end. Where nothing changes, there is nothing to take back.
func (j *journal) changed(c *comparison, keep bool) {
	all := slices.Clone(c.owes)
	for _, s := range c.steps {
		all = append(all, string(s.item.Path))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, path := range all {
		if changed := j.file("changed"); changed.Len()+len(path) < longestChanged {
			changed.WriteString(path + "\n")
		}
	}
	if c.owes != nil {
		j.words("paid", c.owes)
	}
	if keep || len(c.steps) == 0 && c.owes != nil {
		j.words("kept", all)
	}
}

// longestChanged is how many bytes of paths handlers are told: an environment has no room for more.
const longestChanged = 96 << 10

// sent says whether something of the step is in the stream.
func (s *step) sent() bool { return s.what != meta && s.what != remove }

// journal gathers files by their names.
type journal struct {
	names []string // in their order
	of    map[string]*bytes.Buffer
}

func (j *journal) file(name string) *bytes.Buffer {
	if j.of[name] == nil {
		j.names = append(j.names, name)
		j.of[name] = &bytes.Buffer{}
	}
	return j.of[name]
}

// list adds to a list of names.
func (j *journal) list(name, entry string) {
	b := j.file(name)
	b.WriteString(entry)
	b.WriteByte(0)
}

// words writes a list as words, a line each.
func (j *journal) words(name string, list []string) {
	to := j.file(name)
	for _, one := range list {
		to.WriteString(program.Word(one) + "\n")
	}
}

// rights adds a name to those that get a mode and an owner.
func (j *journal) rights(file, name, mode, owner string) {
	list := file + "." + mode + "." + owner
	if j.of[list] == nil {
		fmt.Fprintf(j.file(file), "%s %s %s\n", mode, owner, path.Base(list))
	}
	j.list(list, name)
}

// step says what is done about a name in a folder whose files begin with in.
func (j *journal) step(in, name string, s *step) {
	mode, own := "-", "-"
	switch s.what {
	case create:
		j.list(in+"made", name)
	case content:
		j.list(in+"replaced", name)
		if s.item.Mode != 0 {
			mode = fmt.Sprintf("%04o", s.mode)
		}
		if s.item.Owner != "" || s.item.Group != "" {
			own = fmt.Sprintf("%d:%d", s.uid, s.gid)
		}
		if mode != "-" || own != "-" {
			j.rights(in+"rights", name, mode, own)
		}
	case retype:
		j.list(in+"retyped", name)
	case remove:
		j.list(in+"gone", name)
	case meta:
		if s.uid != s.have.uid || s.gid != s.have.gid {
			own = fmt.Sprintf("%d:%d", s.uid, s.gid)
		}
		j.rights(in+"meta", name, fmt.Sprintf("%04o", s.mode), own)
		j.rights(in+"unmeta", name, fmt.Sprintf("%04o", s.have.mode), fmt.Sprintf("%d:%d", s.have.uid, s.have.gid))
	}
	if k := s.have.kind; k == 'f' || k == 'l' {
		j.list("paths", string(s.item.Path))
		j.file("seen").WriteString(s.have.stat + "\n")
	}
}

// tar writes all of it.
func (j *journal) tar(b *bytes.Buffer) error {
	for _, name := range j.names {
		text := j.of[name].Bytes()
		if err := writeHeader(b, tar.Header{Name: name, Mode: 0o600, Typeflag: tar.TypeReg, Size: int64(len(text))}); err != nil {
			return err
		}
		b.Write(text)
		fillUp(b, int64(len(text)))
	}
	endTar(b)
	return nil
}

// stagedMark stands for the path of the staged file in the command that checks it.
const stagedMark = "{{staged}}"

func wholeSeconds(d runner.Duration, otherwise time.Duration) int {
	if d == 0 {
		return int(otherwise.Seconds())
	}
	return int((d.Value() + time.Second - 1) / time.Second)
}
