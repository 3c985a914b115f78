package sshconn

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"

	"hail/inventory/wildcard"
)

// knownLine is a line of a known_hosts file, in the format of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
type knownLine struct {
	marker string
	names  []string
	hashed *hashedName // instead of names
	knownKey
}

type knownKey struct {
	kind      string // ssh-ed25519, …
	blob      string // the key in wire format
	place     string // file:line
	elsewhere bool   // recorded for port 22: on another port, only a match counts
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
	names, kind, key := fields[0], fields[1], fields[2]
	blob, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(blob) < 4+len(kind) || string(blob[4:4+len(kind)]) != kind { // after its length
		return l, false
	}
	l.kind, l.blob = kind, string(blob)
	if strings.HasPrefix(names, hashedPrefix) {
		l.hashed, ok = parseHashed(names)
		return l, ok
	}
	l.names = strings.Split(strings.ToLower(names), ",")
	return l, true
}

func (l knownLine) matches(name string) bool {
	if l.hashed != nil {
		return l.hashed.is(name)
	}
	found := false
	for _, pattern := range l.names {
		pattern, not := strings.CutPrefix(pattern, "!")
		if wildcard.Match(pattern, name) {
			if not {
				return false
			}
			found = true
		}
	}
	return found
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
