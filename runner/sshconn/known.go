package sshconn

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// knownHosts is an index of some known_hosts files: plain names are in a map, everything else is in lists that are
// short in practice. The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
type knownHosts struct {
	mu       sync.RWMutex
	plain    map[string][]knownKey
	patterns []knownLine // with wildcards, negations or hashed names
	special  []knownLine // @cert-authority and @revoked
	writable string      // the file that new keys are appended to
	covered  int64       // bytes of writable that are in the index
	lines    int         // lines of writable that are in the index
}

type knownKey struct {
	kind      string // ssh-ed25519, …
	blob      string // the key in wire format
	place     string // file:line
	elsewhere bool   // recorded for port 22: on another port, only a match counts
}

type knownLine struct {
	marker string
	names  []string
	hashed *hashedName // instead of names
	knownKey
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
	k := &knownHosts{plain: map[string][]knownKey{}, writable: files[0]}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("known hosts %s: %w", file, cause(err))
		}
		lines := k.add(file, 0, text, f.warn)
		if file == k.writable {
			k.covered, k.lines = int64(len(text)), lines
		}
	}
	f.byList[key] = k
	return k, nil
}

// add indexes text, which follows the first number lines of file, and returns the number of lines up to its end.
func (k *knownHosts) add(file string, number int, text []byte, warn func(string)) int {
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
	return number
}

func parseKnown(line string) (l knownLine, ok bool) {
	fields := strings.Fields(line)
	if strings.HasPrefix(fields[0], "@") {
		l.marker, fields = fields[0], fields[1:]
		if l.marker != "@cert-authority" && l.marker != "@revoked" {
			return l, false
		}
	}
	if len(fields) < 3 {
		return l, false
	}
	blob, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || len(blob) < 4+len(fields[1]) || string(blob[4:4+len(fields[1])]) != fields[1] {
		return l, false
	}
	l.kind, l.blob = fields[1], string(blob)
	if strings.HasPrefix(fields[0], hashedPrefix) {
		l.hashed, ok = parseHashed(fields[0])
		return l, ok
	}
	l.names = strings.Split(strings.ToLower(fields[0]), ",")
	return l, true
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

// keys returns the keys recorded for the host. A port other than 22 is part of the name; when nothing is recorded for
// the port, the keys of the plain name are used, as OpenSSH does.
func (k *knownHosts) keys(name string, port int) []knownKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	keys := k.named(knownName(name, port))
	if len(keys) == 0 && port != 22 {
		keys = slices.Clone(k.named(strings.ToLower(name)))
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

func (l knownLine) matches(name string) bool {
	if l.hashed != nil {
		return l.hashed.is(name)
	}
	found := false
	for _, pattern := range l.names {
		pattern, not := strings.CutPrefix(pattern, "!")
		if globMatches(pattern, name) {
			if not {
				return false
			}
			found = true
		}
	}
	return found
}

// globMatches knows only the wildcards * and ?; the brackets around an address with a port are plain characters.
func globMatches(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	ok, _ := path.Match(strings.NewReplacer(`[`, `\[`, `]`, `\]`, `\`, `\\`).Replace(pattern), name)
	return ok
}

// hashedName is |1|salt|HMAC-SHA1 of the name, salt and HMAC in base64. Every name has to be tried with every salt, so
// with thousands of lines this is most of the cost of reaching a host. So the key of the HMAC (RFC 2104) is prepared
// here, and its two hashes are computed without crypto/hmac, which takes four times as long.
type hashedName struct {
	inner, outer [sha1.BlockSize]byte
	sum          [sha1.Size]byte
}

const hashedPrefix = "|1|"

func parseHashed(text string) (h *hashedName, ok bool) {
	salt64, sum64, ok := strings.Cut(text[len(hashedPrefix):], "|")
	salt, err1 := base64.StdEncoding.DecodeString(salt64)
	sum, err2 := base64.StdEncoding.DecodeString(sum64)
	if !ok || err1 != nil || err2 != nil || len(salt) > sha1.BlockSize || len(sum) != sha1.Size {
		return nil, false
	}
	h = &hashedName{sum: [sha1.Size]byte(sum)}
	copy(h.inner[:], salt)
	copy(h.outer[:], salt)
	for i := range h.inner {
		h.inner[i] ^= 0x36
		h.outer[i] ^= 0x5c
	}
	return h, true
}

func (h *hashedName) is(name string) bool {
	var space [2 * sha1.BlockSize]byte
	inner := sha1.Sum(append(append(space[:0], h.inner[:]...), name...))
	return sha1.Sum(append(append(space[:0], h.outer[:]...), inner[:]...)) == h.sum
}

// knownName returns the name of a host as known_hosts spells it: with a port other than 22, "[name]:port".
func knownName(name string, port int) string {
	name = strings.ToLower(name)
	if port == 22 {
		return name
	}
	return fmt.Sprintf("[%s]:%d", name, port)
}

// knownHost is one host in an index.
type knownHost struct {
	*knownHosts
	host     string
	port     int
	recorded []knownKey // for it, when it was looked up
}

func (k *knownHosts) lookup(host string, port int) knownHost {
	return knownHost{k, host, port, k.keys(host, port)}
}

func (h knownHost) name() string { return knownName(h.host, h.port) }

// marked returns the lines with the marker that apply to the host.
func (h knownHost) marked(marker string) (lines []knownLine) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, l := range h.special {
		if l.marker == marker && (l.matches(h.name()) || l.matches(strings.ToLower(h.host))) {
			lines = append(lines, l)
		}
	}
	return lines
}

// algorithms returns the host key algorithms to ask the server for. Those of the keys that are known for it come first,
// so that it shows one of them, and before them those of certificates, if an authority is known: without one, a
// certificate proves nothing and hides the plain key. All others follow, so that a new key of another kind is seen.
func (h knownHost) algorithms() (algorithms []string) {
	if len(h.marked("@cert-authority")) > 0 {
		algorithms = slices.Clone(certAlgorithms)
	}
	for _, key := range h.recorded {
		algorithms = append(algorithms, signatureAlgorithms(key.kind)...)
	}
	for _, other := range safe.HostKeys {
		if !slices.Contains(certAlgorithms, other) && !slices.Contains(algorithms, other) {
			algorithms = append(algorithms, other)
		}
	}
	return algorithms
}

func signatureAlgorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}

var certAlgorithms = []string{ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01}
