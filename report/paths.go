package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// hostFiles finds the files of each host in the folder of a run.
type hostFiles struct {
	dir     string
	special map[string]string // folders of hosts that can't have their own name
}

func newHostFiles(dir string, hosts []inventory.Host) hostFiles {
	f := hostFiles{dir: dir, special: map[string]string{}}
	taken := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		folder := escapeName(h.Name)
		if taken[strings.ToLower(folder)] { // some disks don't tell Web1 from web1
			folder += "~" + digest(h.Name)
		}
		taken[strings.ToLower(folder)] = true
		if folder != h.Name {
			f.special[h.Name] = folder
		}
	}
	return f
}

// folder is where the files of the host are.
func (f hostFiles) folder(host string) string {
	name, ok := f.special[host]
	if !ok {
		name = host
	}
	return filepath.Join(f.dir, "hosts", name)
}

// Output opens what the host printed on one stream; it is empty when that was nothing. The caller closes it.
func (f hostFiles) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	file, err := os.Open(filepath.Join(f.folder(host), string(stream)))
	if os.IsNotExist(err) {
		return inMemory{strings.NewReader("")}, nil
	}
	return file, err
}

// LogPath is the path of the host's log.
func (f hostFiles) LogPath(host string) string { return filepath.Join(f.folder(host), "log") }

// inMemory is an output that is no file: there is nothing to close.
type inMemory struct{ *strings.Reader }

func (inMemory) Close() error { return nil }

const longestFolder = 100

// escapeName makes a host's name a file name that is safe everywhere: what is not a letter, digit, dot, dash or
// underscore is percent-escaped, names with a meaning of their own are, and long ones end in a digest.
func escapeName(name string) string {
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
	if len(escaped) > longestFolder {
		escaped = escaped[:longestFolder] + "~" + digest(name)
	}
	return escaped
}

// reserved are names that Windows takes for devices, whatever follows the dot.
var reserved = func() map[string]bool {
	m := map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}
	for i := range 10 {
		m[fmt.Sprint("com", i)], m[fmt.Sprint("lpt", i)] = true, true
	}
	return m
}()

func digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:6])
}
