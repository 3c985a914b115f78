package report

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"

	"hail/inventory"
)

// mask replaces what is specific to a host by a name for it: {host}, {address}, {vars.NAME}. Longer values are replaced
// first. The zero value changes nothing.
type mask []masked

type masked struct{ value, name []byte }

// shortestVar is how long the value of a var has to be to be replaced: shorter ones occur anywhere.
const shortestVar = 3

// mask returns what is specific to a host of the run. It also knows where the host was reached: ssh_config may say its
// address.
func (s *Summary) mask(host int) (m mask) {
	h := &s.Plan.Hosts[host]
	add := func(value, name string) {
		if value != "" && value != inventory.Redacted {
			m = append(m, masked{[]byte(value), []byte(name)})
		}
	}
	add(h.Name, "{host}")
	if short, _, ok := strings.Cut(h.Name, "."); ok {
		add(short, "{host}")
	}
	add(h.Connection.Address, "{address}")
	for _, name := range slices.Sorted(maps.Keys(h.Vars)) {
		switch h.Vars[name].(type) {
		case bool, nil, map[string]any, []any:
			continue
		}
		if text := inventory.ValueText(h.Vars[name]); len(text) >= shortestVar {
			add(text, "{vars."+name+"}")
		}
	}
	if reach := s.Hosts[host].Reach; reach != nil {
		address, _, _ := net.SplitHostPort(reach.Address)
		add(reach.Address, "{address}")
		add(address, "{address}")
	}
	slices.SortStableFunc(m, func(a, b masked) int { return len(b.value) - len(a.value) })
	return m
}

// apply returns line with the values replaced, where they stand as words of their own.
func (m mask) apply(line []byte) []byte {
	for _, v := range m {
		var out []byte
		done := 0 // how much of line is in out
		for from := 0; ; {
			i := bytes.Index(line[from:], v.value)
			if i < 0 {
				break
			}
			begin, end := from+i, from+i+len(v.value)
			from = begin + 1
			if (begin == 0 || !wordByte(line[begin-1])) && (end == len(line) || !wordByte(line[end])) {
				out = append(append(out, line[done:begin]...), v.name...)
				done, from = end, end
			}
		}
		if done > 0 {
			line = append(out, line[done:]...)
		}
	}
	return line
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// copy copies r to w, masked line by line; a line that is too long is masked in pieces.
func (m mask) copy(w io.Writer, r io.Reader) error {
	if m == nil {
		_, err := io.Copy(w, r)
		return err
	}
	in := bufio.NewReaderSize(r, longestTail)
	for {
		line, err := in.ReadSlice('\n')
		if _, e := w.Write(m.apply(line)); e != nil {
			return e
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// joinMasked joins what looks the same through the masks of its hosts. look returns what each of all looks like, and whether
// it looks like that through the masks of all its hosts: otherwise it is specific to one of them, and stays as it is. join
// adds other to one.
func joinMasked[T any, Look comparable](all []T, look func(T) (Look, bool), join func(one, other T)) (joined []T) {
	known := map[Look]T{}
	for _, other := range all {
		looks, same := look(other)
		one, is := known[looks]
		switch {
		case !same:
		case is:
			join(one, other)
			continue
		default:
			known[looks] = other
		}
		joined = append(joined, other)
	}
	return joined
}
