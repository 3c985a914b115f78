package push

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

// staging is a step that sends something, and the path where that is staged before it is renamed into place.
type staging struct {
	*step
	at string
}

// journal writes the journal of a push, which sh/apply.sh describes, as a tar stream, and returns what has to be sent
// after it. staged is the name of the hidden folders for what is new.
func (p *Push) journal(to *bytes.Buffer, c *comparison, staged string) (sent []staging, err error) {
	j := journal{staged: staged, of: map[string]*bytes.Buffer{}, known: map[string]*folder{}}
	j.file("staged").WriteString(staged)
	j.file("hidden")
	j.file("changed")
	j.file("table")
	if sent, err = p.place(&j, c); err != nil {
		return nil, err
	}
	j.changed(c, p.Keep)
	if p.Backup > 0 {
		fmt.Fprintln(j.file("backups"), p.Backup)
	}
	for folder, paths := range c.managed {
		j.words("managed/"+managedKey(folder), paths)
	}
	if err := p.activation(&j, c); err != nil {
		return nil, err
	}
	j.program(j.file("steps"))
	j.file("staging") // the last one: with it, the journal is complete
	return sent, j.tar(to)
}

// place adds the steps, each in its folder, and returns where what they send is staged. What is in a folder that this
// push makes is staged in that, and gets to its place with it.
func (p *Push) place(j *journal, c *comparison) (sent []staging, err error) {
	type stagedAt struct {
		in   *folder // whose staged folder it is in
		name string  // below that
	}
	made := map[string]stagedAt{} // folders that this push makes
	slices.SortStableFunc(c.steps, byPlace)
	for _, s := range c.steps {
		dir, name := path.Dir(s.place), path.Base(s.place)
		spot, inside := made[dir]
		if inside {
			spot.name += "/" + name
		} else {
			spot.in, spot.name = j.folder(dir), name
			j.step(spot.in, name, s)
		}
		if s.makesFolder() {
			made[s.place] = spot
		}
		if rights := s.newRights(); rights != "" {
			spot.in.add(rights, spot.name)
		}
		if !s.sent() {
			continue
		}
		at := spot.in.staged + "/" + spot.name
		sent = append(sent, staging{s, at})
		if s.item.Kind != File {
			continue
		}
		j.list("files", at)
		j.file("sums").WriteString(s.item.Digest + "\n")
		if s.item.Validate != "" {
			command, err := p.command(s.item.Validate, c)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(j.file("table"), "v %s\n", program.Word(strings.ReplaceAll(command, stagedMark, runner.Quote(at))))
		}
	}
	return sent, nil
}

// activation adds what follows once everything is in place.
func (p *Push) activation(j *journal, c *comparison) error {
	table := j.file("table")
	for _, command := range p.Validate {
		command, err := p.command(command, c)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "V %s\n", program.Word(command))
	}
	for _, h := range p.Handlers {
		if !c.notified[h.Name] {
			continue
		}
		run, err := p.command(h.Run, c)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "H %s %d %s\n", program.Word(h.Name), h.seconds(), program.Word(run))
	}
	return j.health(c.health)
}

// byPlace sorts so that a folder comes before what is in it.
func byPlace(a, b *step) int { return cmp.Compare(a.place, b.place) }

// managedKey returns the name of the file on the host that lists what pushes have put below a folder.
func managedKey(folder string) string { return runner.Digest([]byte(program.Word(folder))) }

// changed adds the paths that handlers are told, and which of them are paid or still owed in the end. When no file
// changes there is nothing to roll back, so that a failure leaves them owed.
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

// journal collects the files of a journal by name, and what is done in each folder.
type journal struct {
	staged  string   // the name of the hidden folders for what is new
	names   []string // in the order of the stream
	of      map[string]*bytes.Buffer
	folders []*folder
	known   map[string]*folder // the same, by path
}

// folder is what is done in one folder of the host.
type folder struct {
	path   string
	staged string // the hidden folder in it for what is new
	steps  []*stepLine
}

// stepLine is a command of sh/steps.sh.
type stepLine struct {
	kind  string // with its arguments
	names bytes.Buffer
}

// longestStep is the length at which a command line is full: systems have limits of 128 KiB and more, most of which
// FILES may take.
const longestStep = 16 << 10

func (j *journal) file(name string) *bytes.Buffer {
	if j.of[name] == nil {
		j.names = append(j.names, name)
		j.of[name] = &bytes.Buffer{}
	}
	return j.of[name]
}

// folder returns the folder at a path.
func (j *journal) folder(at string) *folder {
	f := j.known[at]
	if f == nil {
		f = &folder{path: at, staged: path.Join(at, j.staged)}
		j.known[at] = f
		j.folders = append(j.folders, f)
		j.list("hidden", f.staged)
		j.list("hidden", f.staged+".old")
	}
	return f
}

// list adds an entry to a list of names, each of which ends with a NUL.
func (j *journal) list(name, entry string) {
	b := j.file(name)
	b.WriteString(entry)
	b.WriteByte(0)
}

// words writes a list as words, one per line.
func (j *journal) words(name string, list []string) {
	to := j.file(name)
	for _, one := range list {
		to.WriteString(program.Word(one) + "\n")
	}
}

// add adds a name to a step of this kind that has room for it, or to a new one.
func (f *folder) add(kind, name string) {
	i := slices.IndexFunc(f.steps, func(s *stepLine) bool { return s.kind == kind && s.names.Len() < longestStep })
	if i < 0 {
		i = len(f.steps)
		f.steps = append(f.steps, &stepLine{kind: kind})
	}
	to := &f.steps[i].names
	to.WriteByte(' ')
	to.WriteString(runner.Quote(name))
}

// program writes the steps of all folders.
func (j *journal) program(to *bytes.Buffer) {
	for _, f := range j.folders {
		fmt.Fprintf(to, "folder %s\n", runner.Quote(f.path))
		for _, s := range f.steps {
			fmt.Fprintf(to, "step %s%s\n", s.kind, s.names.Bytes())
		}
	}
	to.WriteString("all\n")
}

// step adds what is done with a name in a folder. Modes have five digits: with fewer, chmod of GNU leaves setuid and
// setgid of a folder as they are.
func (j *journal) step(in *folder, name string, s *step) {
	own, old := "-", "-" // to give even the same owner takes capabilities away
	if s.uid != s.have.uid || s.gid != s.have.gid {
		own, old = fmt.Sprintf("%d:%d", s.uid, s.gid), fmt.Sprintf("%d:%d", s.have.uid, s.have.gid)
	}
	switch s.what {
	case create:
		in.add("made", name)
	case content:
		in.add("replaced", name)
		if !s.asUser && (s.item.Mode != 0 || own != "-") {
			in.add(fmt.Sprintf("rights %05o %s", s.mode, own), name)
		}
	case retype:
		in.add("retyped", name)
	case remove:
		in.add("gone", name)
	case meta:
		in.add(fmt.Sprintf("meta %05o %s", s.mode, own), name)
		in.add(fmt.Sprintf("unmeta %05o %s", s.have.mode, old), name)
	}
	if k := s.have.kind; k == 'f' || k == 'l' {
		j.list("paths", s.place)
		j.file("seen").WriteString(s.have.stat + "\n")
	}
}

// tar writes the whole journal as a tar stream.
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
