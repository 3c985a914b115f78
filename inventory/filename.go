package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

const longestName = 100

// FileName turns the name of a host, or any other text, into a file name that is safe everywhere. It percent-escapes
// all bytes except ASCII letters, digits, dashes, underscores, and dots inside the name, and the first byte of a name
// that Windows reserves. A long name is cut, and ends in a digest.
func FileName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if letter || c == '-' || c == '_' || c == '.' && i > 0 && i < len(name)-1 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	escaped := b.String()
	if stem, _, _ := strings.Cut(strings.ToLower(escaped), "."); reserved[stem] {
		escaped = "%" + fmt.Sprintf("%02X", escaped[0]) + escaped[1:]
	}
	if len(escaped) > longestName {
		escaped = escaped[:longestName] + "~" + NameDigest(name)
	}
	return escaped
}

// reserved are the names that Windows takes for devices, whatever follows a dot.
var reserved = func() map[string]bool {
	m := map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}
	for i := range 10 {
		m[fmt.Sprint("com", i)], m[fmt.Sprint("lpt", i)] = true, true
	}
	return m
}()

// NameDigest returns twelve hexadecimal digits that tell similar names apart.
func NameDigest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:6])
}
