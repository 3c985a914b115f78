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
	locked   bool // a folder that can't be written to
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
	p := newProbing(m)
	size := p.questions.Len()
	for _, path := range p.paths {
		p.questions.WriteString(path + "\x00")
	}
	nonce := rand.Text()
	line := fmt.Sprintf("sh -c %s hail %s %d %s", runner.Quote(stateScript+probeScript), nonce, size, runner.Quote(lookScript))
	err := program.Run(ctx, t, nonce, line, runner.Stdio{In: strings.NewReader(p.questions.String()), Size: int64(p.questions.Len())}, p.hear)
	if err != nil {
		return nil, err
	}
	return p.result()
}

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
