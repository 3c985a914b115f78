package action

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

var (
	//go:embed sh/probe.sh
	probeScript string
	//go:embed sh/look.sh
	lookScript string
)

// found is what the host has of a manifest.
type found struct {
	uid, gid      int
	killed        bool     // a push that was has left something
	owed          []string // paths that pushes have kept here although their handlers or health failed
	at            map[string]*state
	trees         map[string][]string // below the folders of Deletes
	managed       map[string][]string
	users, groups map[string]int
	room          map[string]int64 // KiB, by folder
	mounts        map[string]bool
	missing       []string // tools
}

// state is one path on the host.
type state struct {
	kind     byte // f, d, l, o for anything else, - for nothing
	mode     int
	uid, gid int
	size     int64
	links    int
	stat     string // the line as the host said it
	device   string
	sum      string // of a file
	target   string // of a link
	resolved string // where a link leads in the end
}

// probe asks the host for everything that the manifest is about, in one command, or two where links are followed.
func probe(ctx context.Context, t *runner.Target, m *Manifest) (*found, error) {
	f, err := probeOnce(ctx, t, m)
	if err != nil {
		return nil, err
	}
	followed := false
	for i := range m.Items {
		if s := f.at[string(m.Items[i].Path)]; s.kind == 'l' && m.Items[i].Link == "follow" && s.resolved != "" {
			if !followed {
				m.Items, followed = slices.Clone(m.Items), true
			}
			m.Items[i].Path = runner.Text(s.resolved)
		}
	}
	if followed {
		return probeOnce(ctx, t, m)
	}
	return f, nil
}

func probeOnce(ctx context.Context, t *runner.Target, m *Manifest) (*found, error) {
	f := &found{at: map[string]*state{}, trees: map[string][]string{}, managed: map[string][]string{}, users: map[string]int{}, groups: map[string]int{},
		room: map[string]int64{}, mounts: map[string]bool{}}
	var questions strings.Builder
	var paths, folders []string
	ask := func(p string) (first bool) {
		if first = f.at[p] == nil; first {
			f.at[p] = &state{}
			paths = append(paths, p)
		}
		return first
	}
	wanted := map[string]bool{}
	once := func(line string) {
		if !wanted[line] {
			wanted[line] = true
			questions.WriteString(line + "\n")
		}
	}
	last := ""
	for i := range m.Items {
		item := &m.Items[i]
		ask(string(item.Path))
		if parent := path.Dir(string(item.Path)); parent != last { // most are beside each other
			last = parent
			ask(parent)
			if line := "d " + program.Word(parent); !wanted[line] {
				once(line)
				folders = append(folders, parent)
			}
		}
		if item.Owner != "" {
			once("u " + item.Owner)
		}
		if item.Group != "" {
			once("g " + item.Group)
		}
	}
	var trees, managed []string
	for _, d := range m.Deletes {
		if p := string(d.Path); d.All {
			once("t " + program.Word(p))
			trees = append(trees, p)
		} else {
			once("m " + program.Word(p))
			managed = append(managed, p)
		}
	}
	nonce := rand.Text()
	section, ended := "", false
	var stats, sums, links []*state
	next := func(list *[]*state) (*state, error) {
		if len(*list) == 0 {
			return nil, errTooMuch
		}
		s := (*list)[0]
		*list = (*list)[1:]
		return s, nil
	}
	size := questions.Len()
	for _, p := range paths {
		questions.WriteString(p + "\x00")
	}
	var rooms []int64
	asked := paths
	line := fmt.Sprintf("sh -c %s hail %s %d %s", runner.Quote(stateScript+probeScript), nonce, size, runner.Quote(lookScript))
	err := program.Run(ctx, t, nonce, line, runner.Stdio{In: strings.NewReader(questions.String()), Size: int64(questions.Len())},
		func(kind, rest string) error {
			words := strings.Fields(rest)
			switch kind {
			case "":
				switch section {
				case "rooms":
					kib, err := strconv.ParseInt(rest, 10, 64)
					rooms = append(rooms, kib)
					return err
				case "stats":
					s, err := next(&stats)
					if err != nil {
						return err
					}
					return s.readStat(rest)
				case "sums":
					s, err := next(&sums)
					if err == nil {
						s.sum = rest
					}
					return err
				}
			case "missing":
				f.missing = append(f.missing, words...)
			case "id":
				if len(words) == 2 {
					f.uid, _ = strconv.Atoi(words[0])
					f.gid, _ = strconv.Atoi(words[1])
				}
			case "killed":
				f.killed = true
			case "owed":
				for _, w := range words {
					f.owed = append(f.owed, decodePath(w))
				}
			case "kinds":
				if len(rest) > len(asked) {
					return errTooMuch
				}
				for i, p := range asked[:len(rest)] {
					s := f.at[p]
					s.kind = rest[i]
					if s.kind != '-' {
						stats = append(stats, s)
					}
					switch s.kind {
					case 'f':
						sums = append(sums, s)
					case 'l':
						links = append(links, s)
					}
				}
				asked = asked[len(rest):]
			case "link":
				s, err := next(&links)
				if err != nil {
					return err
				}
				s.target, s.resolved = fromHex(words, 0), fromHex(words, 1)
			case "tree":
				for name := range strings.SplitSeq(fromHex(words, 0), "\x00") {
					if name != "" && len(trees) > 0 {
						f.trees[trees[0]] = append(f.trees[trees[0]], name)
					}
				}
				trees = trees[min(1, len(trees)):]
			case "managed":
				if len(managed) == 0 {
					return errTooMuch
				}
				for _, w := range words {
					f.managed[managed[0]] = append(f.managed[managed[0]], decodePath(w))
				}
				managed = managed[1:]
			case "user", "group":
				into := map[string]map[string]int{"user": f.users, "group": f.groups}[kind]
				if len(words) == 2 {
					if n, err := strconv.Atoi(words[1]); err == nil {
						into[words[0]] = n
					}
				}
			case "mount":
				f.mounts[decodeMount(rest)] = true
			case "end":
				ended = true
			}
			if kind != "" {
				section = kind
			}
			return nil
		})
	switch {
	case err != nil:
		return nil, err
	case len(f.missing) > 0:
		return nil, &runner.Failure{Status: runner.Error, Err: fmt.Errorf("the host has no %s", strings.Join(f.missing, ", no "))}
	case !ended || len(asked)+len(stats)+len(sums)+len(links) > 0:
		return nil, &runner.Failure{Status: runner.Error, Err: errors.New("the host could not tell all that was asked: are its folders readable?")}
	}
	folders = slices.DeleteFunc(folders, func(p string) bool { return f.at[p].kind != 'd' && f.at[p].resolved == "" })
	if len(rooms) == len(folders) { // otherwise df could not tell, of one that is unknown
		for i, p := range folders {
			f.room[p] = rooms[i]
		}
	}
	return f, nil
}

var errTooMuch = errors.New("the host has answered more than was asked")

// readStat reads mode, user, group, size, links, times, inode and device.
func (s *state) readStat(line string) error {
	w := strings.Fields(line)
	if len(w) != 8 {
		return fmt.Errorf("stat said %q", line)
	}
	mode, e1 := strconv.ParseInt(w[0], 8, 32)
	uid, e2 := strconv.Atoi(w[1])
	gid, e3 := strconv.Atoi(w[2])
	size, e4 := strconv.ParseInt(w[3], 10, 64)
	links, e5 := strconv.Atoi(w[4])
	s.mode, s.uid, s.gid, s.size, s.links, s.device, s.stat = int(mode), uid, gid, size, links, w[7], line
	return errors.Join(e1, e2, e3, e4, e5)
}

func fromHex(words []string, i int) string {
	if i >= len(words) {
		return ""
	}
	b, _ := hex.DecodeString(words[i])
	return string(b)
}

// decodePath is the inverse of encode.
func decodePath(word string) string { return decodeOctal(word, `\0`) }

// decodeMount reads a path as /proc/mounts writes it.
func decodeMount(word string) string { return decodeOctal(word, `\`) }

func decodeOctal(word, mark string) string {
	var b strings.Builder
	for word != "" {
		if rest, ok := strings.CutPrefix(word, mark); ok && len(rest) >= 3 {
			if c, err := strconv.ParseUint(rest[:3], 8, 8); err == nil {
				b.WriteByte(byte(c))
				word = rest[3:]
				continue
			}
		}
		b.WriteByte(word[0])
		word = word[1:]
	}
	return b.String()
}

// managedKey is the name of the file on the host that lists what pushes have put below a folder.
func managedKey(folder string) string {
	sum := sha256.Sum256([]byte(program.Word(folder)))
	return hex.EncodeToString(sum[:])
}

// owner is the number of a user or group, by its name or as it is.
func owner(name string, known map[string]int, what string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, nil
	}
	n, ok := known[name]
	if !ok {
		return 0, fmt.Errorf("there is no %s %s on the host", what, name)
	}
	return n, nil
}

// byPath sorts so that a folder comes before what is in it.
func byPath(a, b *step) int { return cmp.Compare(a.item.Path, b.item.Path) }
