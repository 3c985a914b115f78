package sshconn

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// knownHosts is an index of some known_hosts files: plain names are in a map, everything else is in lists that are
// short in practice.
type knownHosts struct {
	mu       sync.RWMutex
	plain    map[string][]knownKey
	patterns []knownLine // with wildcards, negations or hashed names
	special  []knownLine // @cert-authority and @revoked
	growing  growingFile // the file that new keys are appended to
}

// knownFiles keeps the index of each list of files, which is loaded once per run. Errors are not kept: descriptors may
// have run out.
type knownFiles struct {
	warn func(string)

	mu     sync.Mutex
	byList map[string]*knownHosts
}

// load returns the index of the files. Files that don't exist are ignored, and lines that can't be understood are
// skipped with a warning.
func (f *knownFiles) load(files []string) (*knownHosts, error) {
	key := strings.Join(files, "\n")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byList == nil {
		f.byList = map[string]*knownHosts{}
	}
	if k := f.byList[key]; k != nil {
		return k, nil
	}
	k := &knownHosts{plain: map[string][]knownKey{}, growing: growingFile{path: files[0]}}
	for _, file := range files {
		info, _ := os.Stat(file) // before it is read, so that another one in its place is noticed
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &FileError{file, fmt.Errorf("known hosts %s: %w", file, cause(err))}
		}
		k.add(file, 0, text, f.warn)
		if file == k.growing.path {
			k.growing.info = info
			k.growing.advance(text)
		}
	}
	f.byList[key] = k
	return k, nil
}

// add indexes text, which follows the first number lines of file.
func (k *knownHosts) add(file string, number int, text []byte, warn func(string)) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		number++
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		l, ok := parseKnown(line)
		if !ok {
			warn(fmt.Sprintf("%s:%d: this line is not a host key, and is ignored", file, number))
			continue
		}
		l.place = fmt.Sprintf("%s:%d", file, number)
		k.keep(l)
	}
	if lines.Err() != nil {
		warn(fmt.Sprintf("%s:%d: this line is too long; the rest of the file is ignored", file, number+1))
	}
}

func (k *knownHosts) keep(l knownLine) {
	switch {
	case l.marker != "":
		k.special = append(k.special, l)
	case l.hashed != nil, slices.ContainsFunc(l.names, func(n string) bool { return strings.ContainsAny(n, "*?!|") }):
		k.patterns = append(k.patterns, l)
	default:
		for _, name := range l.names {
			k.plain[name] = append(k.plain[name], l.knownKey)
		}
	}
}

// keys returns the keys recorded for the host, whose name is in lower case. A port other than 22 is part of the name; when
// nothing is recorded for the port, the keys of the plain name are used, as OpenSSH does.
func (k *knownHosts) keys(name string, port int) []knownKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := k.named(knownName(name, port))
	if len(keys) == 0 && port != 22 {
		keys = slices.Clone(k.named(name))
		for i := range keys {
			keys[i].elsewhere = true
		}
	}
	return keys
}

func (k *knownHosts) named(name string) []knownKey {
	keys := k.plain[name]
	for _, l := range k.patterns {
		if l.matches(name) {
			keys = append(keys[:len(keys):len(keys)], l.knownKey)
		}
	}
	return keys
}

// knownName returns the name of a host as known_hosts spells it: with a port other than 22, "[name]:port".
func knownName(name string, port int) string {
	if port == 22 {
		return name
	}
	return fmt.Sprintf("[%s]:%d", name, port)
}

// knownHost is one host in an index.
type knownHost struct {
	index *knownHosts
	host  string
	port  int
	keys  []knownKey // recorded for it when it was looked up
}

func (k *knownHosts) lookup(host string, port int) knownHost {
	return knownHost{k, host, port, k.keys(host, port)}
}

func (h knownHost) name() string { return knownName(h.host, h.port) }

// recorded reports whether this key is recorded for the host.
func (h knownHost) recorded(key ssh.PublicKey) bool {
	blob := string(key.Marshal())
	return slices.ContainsFunc(h.keys, func(k knownKey) bool { return k.blob == blob })
}

// marked returns the lines with the marker that apply to the host.
func (h knownHost) marked(marker string) (lines []knownLine) {
	h.index.mu.RLock()
	defer h.index.mu.RUnlock()
	for _, l := range h.index.special {
		if l.marker == marker && (l.matches(h.name()) || l.matches(h.host)) {
			lines = append(lines, l)
		}
	}
	return lines
}

// algorithms returns the host key algorithms to ask the server for, in ssh's order. Those of the keys that are known for
// the host come first, so that it shows one of them, and with each that of a certificate, whose authority may be revoked.
// If an authority is known, or nothing is, certificates of every kind come first: they show which of its keys ssh would
// record. All other keys follow, so that a new one of another kind is seen.
func (h knownHost) algorithms() []string {
	authority := len(h.keys) == 0 || len(h.marked("@cert-authority")) > 0
	var first, last []string
	for _, name := range safe.HostKeys {
		plain, isCert := strings.CutSuffix(name, "-cert-v01@openssh.com")
		known := slices.ContainsFunc(h.keys, func(k knownKey) bool { return slices.Contains(signatureAlgorithms(k.kind), plain) })
		switch {
		case known || isCert && authority:
			first = append(first, name)
		case !isCert:
			last = append(last, name)
		}
	}
	return slices.Concat(first, last)
}

func signatureAlgorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}
