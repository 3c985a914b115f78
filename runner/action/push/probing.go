package push

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"hail/runner/action/program"
)

// probing holds the questions about what a host has of a manifest, and the answers so far.
type probing struct {
	found     *found
	questions strings.Builder

	// What was asked for and not answered yet: the host answers in the order of the questions.
	paths              []string // whose kinds are asked for; those that exist are asked about next
	stats, sums, links []*state
	trees, managed     []string // folders whose contents are asked for

	folders []string            // folders whose free space was asked for
	rooms   []int64             // the answers, in KiB
	section string              // the kind of answer that the host is giving
	folder  string              // the folder that it is about
	into    map[string][]string // where the names below that go
	name    []byte              // the part of a name that has arrived
	named   int                 // how many names trees have
	ended   bool                // the host has answered to the end
}

// newProbing asks about the items of a manifest, the folders that they are in, and what may have to be deleted.
func newProbing(m *Manifest) *probing {
	p := &probing{found: &found{at: map[string]*state{}, trees: map[string][]string{}, managed: map[string][]string{}, users: map[string]int{}, groups: map[string]int{},
		room: map[string]int64{}, mounts: map[string]bool{}}}
	asked := map[string]bool{}
	once := func(line string) (first bool) {
		if first = !asked[line]; first {
			asked[line] = true
			p.questions.WriteString(line + "\n")
		}
		return first
	}
	last := ""
	for i := range m.Items {
		item := &m.Items[i]
		p.ask(string(item.Path))
		if parent := path.Dir(string(item.Path)); parent != last { // most items share their folder with the one before
			last = parent
			p.askAbove(string(item.Path))
			if once("d " + program.Word(parent)) {
				p.folders = append(p.folders, parent)
			}
		}
		if item.Owner != "" {
			once("u " + program.Word(item.Owner))
		}
		if item.Group != "" {
			once("g " + program.Word(item.Group))
		}
	}
	for _, d := range m.Deletes {
		p.ask(string(d.Path))
		p.askAbove(string(d.Path))
		if folder := string(d.Path); d.All {
			if once("t " + program.Word(folder)) {
				p.trees = append(p.trees, folder)
			}
		} else if once("m " + program.Word(folder)) {
			p.managed = append(p.managed, folder)
		}
	}
	return p
}

// ask asks for the kind of a path, and what belongs to it.
func (p *probing) ask(path string) {
	if p.found.at[path] == nil {
		p.found.at[path] = &state{}
		p.paths = append(p.paths, path)
	}
}

// askAbove asks for the kinds of the folders that a path is in: one may be a link.
func (p *probing) askAbove(at string) {
	for len(at) > 1 {
		at = path.Dir(at)
		p.ask(at)
	}
}

// hear takes in one answer of sh/probe.sh.
func (p *probing) hear(kind, rest string) (err error) {
	if kind == "" {
		return p.line(rest)
	}
	p.section = kind
	f, words := p.found, strings.Fields(rest)
	switch kind {
	case "missing":
		f.missing = append(f.missing, words...)
	case "id":
		for _, word := range words {
			n, _ := strconv.Atoi(word)
			f.gids = append(f.gids, n)
		}
		if len(f.gids) > 1 {
			f.uid, f.gid, f.gids = f.gids[0], f.gids[1], f.gids[1:]
		}
	case "home":
		f.home = rest
	case "latest":
		f.latest = rest
	case "killed":
		f.killed = true
	case "kinds":
		return p.kinds(rest)
	case "link":
		s, err := next(&p.links)
		if err != nil {
			return err
		}
		s.target, s.resolved = fromHex(words, 0), fromHex(words, 1)
	case "tree":
		p.into = f.trees
		p.folder, err = next(&p.trees)
	case "managed":
		p.into = f.managed
		p.folder, err = next(&p.managed)
	case "user":
		note(f.users, words)
	case "group":
		note(f.groups, words)
	case "end":
		p.ended = true
	}
	return err
}

// note notes the number of a user or group, if the host has it.
func note(numbers map[string]int, words []string) {
	if len(words) != 2 {
		return
	}
	if n, err := strconv.Atoi(words[1]); err == nil {
		numbers[program.Unword(words[0])] = n
	}
}

// kinds takes in one letter for each of the next paths.
func (p *probing) kinds(letters string) error {
	if len(letters) > len(p.paths) {
		return program.ErrTooMuch
	}
	for i, path := range p.paths[:len(letters)] {
		s := p.found.at[path]
		switch s.kind = letters[i]; s.kind {
		case 'w':
			s.kind, s.locked = 'd', true
		case 'L':
			s.kind, s.toFolder = 'l', true
		}
		if s.kind != '-' {
			p.stats = append(p.stats, s)
		}
		switch s.kind {
		case 'f':
			p.sums = append(p.sums, s)
		case 'l':
			p.links = append(p.links, s)
		}
	}
	p.paths = p.paths[len(letters):]
	return nil
}

// mostNamed is how many names there may be below folders where something may be deleted. The limit on output is too
// generous for them: a line can hold sixteen.
const mostNamed = 4 << 20

// line takes in a line of a section, as a tool of the host has printed it.
func (p *probing) line(text string) error {
	switch p.section {
	case "rooms":
		kib, err := strconv.ParseInt(text, 10, 64)
		p.rooms = append(p.rooms, kib)
		return err
	case "stats":
		s, err := next(&p.stats)
		if err != nil {
			return err
		}
		return s.readStat(text)
	case "sums":
		s, err := next(&p.sums)
		if err == nil {
			s.sum = text
		}
		return err
	case "tree", "managed":
		names, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		for err == nil {
			part, rest, whole := bytes.Cut(names, []byte{0})
			if p.name = append(p.name, part...); !whole {
				break
			}
			if p.named++; p.named > mostNamed {
				return program.ErrTooMuch
			}
			if string(p.name) != p.folder {
				p.into[p.folder] = append(p.into[p.folder], string(p.name))
			}
			p.name, names = p.name[:0], rest
		}
		return err
	case "mounts": // as in /proc/mounts: DEVICE PLACE …, with \040 for a space
		if words := strings.Fields(text); len(words) > 1 {
			p.found.mounts[program.Unword(strings.ReplaceAll(words[1], `\`, `\0`))] = true
		}
	case "owed":
		p.found.owed = append(p.found.owed, program.Unword(text))
	}
	return nil
}

// next removes the first element of a list.
func next[T any](list *[]T) (first T, err error) {
	if len(*list) == 0 {
		return first, program.ErrTooMuch
	}
	first, *list = (*list)[0], (*list)[1:]
	return first, nil
}

// result returns what was found, or an error if the host has not answered everything.
func (p *probing) result() (*found, error) {
	f := p.found
	switch {
	case len(f.missing) > 0:
		return nil, fmt.Errorf("the host has no %s", strings.Join(f.missing, ", no "))
	case !p.ended || len(p.paths)+len(p.stats)+len(p.sums)+len(p.links) > 0:
		return nil, errors.New("the host could not answer everything: check that its files and folders are readable")
	}
	folders := slices.DeleteFunc(p.folders, func(folder string) bool { return !f.at[folder].isFolder() })
	if len(p.rooms) == len(folders) { // otherwise df has failed for one of them, and nobody knows which
		for i, folder := range folders {
			f.room[folder] = p.rooms[i]
		}
	}
	return f, nil
}

func fromHex(words []string, i int) string {
	if i >= len(words) {
		return ""
	}
	b, _ := hex.DecodeString(words[i])
	return string(b)
}
