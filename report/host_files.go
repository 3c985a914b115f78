package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"hail/inventory"
	"hail/runner"
)

// Files gives access to what the hosts of a run printed, byte for byte: of a Record or a Memory live, of a Run afterwards.
// Where it is a parameter, it must not be nil.
type Files interface {
	Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) // of its last attempt, empty if none; the caller closes it
	LogPath(host string) string                                          // where its log is, or would be; empty if there are no logs
	Path() string                                                        // the folder of the record; empty if there is none
}

// hostFiles finds the files of each host in the folder of a run.
type hostFiles struct {
	dir     string
	special map[string]string // folders of hosts that differ from the name of the host
	aside   *atomic.Bool      // whether any attempt was set aside; nil: not known
}

func newHostFiles(dir string, hosts []inventory.Host) hostFiles {
	f := hostFiles{dir: dir, special: map[string]string{}}
	taken := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		folder := inventory.FileName(h.Name)
		if taken[strings.ToLower(folder)] { // some file systems don't tell Web1 from web1
			folder += "~" + inventory.NameDigest(h.Name)
		}
		taken[strings.ToLower(folder)] = true
		if folder != h.Name {
			f.special[h.Name] = folder
		}
	}
	return f
}

// Path returns the folder of the record.
func (f hostFiles) Path() string { return f.dir }

// folder returns where the files of the host are.
func (f hostFiles) folder(host string) string {
	name, ok := f.special[host]
	if !ok {
		name = host
	}
	return filepath.Join(f.dir, hostsFolder, name)
}

// Output opens what the host printed on one stream, which is empty if it printed nothing. The error wraps ErrRemoved if
// the record is gone. The caller closes the file.
func (f hostFiles) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	file, err := openRegular(filepath.Join(f.folder(host), string(stream)))
	if !os.IsNotExist(err) {
		return file, err
	}
	if err := unlessRemoved(f.dir, nil); err != nil {
		return nil, err
	}
	return inMemory{strings.NewReader("")}, nil
}

// Attempt opens what the host printed on one stream in this attempt, as Output does for the last one. The attempt may
// be over, and its files may be set aside at this very moment.
func (f hostFiles) Attempt(host string, attempt int, stream runner.Stream) (io.ReadSeekCloser, error) {
	last, err := f.Output(host, stream)
	if f.aside != nil && !f.aside.Load() {
		return last, err
	}
	aside, e := openRegular(filepath.Join(f.attemptFolder(host, attempt), string(stream)))
	if os.IsNotExist(e) { // it has not been set aside yet, so what was opened before is of this attempt
		return last, err
	}
	if err == nil {
		last.Close()
	}
	return aside, e
}

// attemptFolder returns where the files of an attempt are once the next one has begun.
func (f hostFiles) attemptFolder(host string, n int) string {
	return filepath.Join(f.folder(host), fmt.Sprintf("attempt-%d", n))
}

// LogPath returns the path of the host's log.
func (f hostFiles) LogPath(host string) string { return filepath.Join(f.folder(host), logFile) }

// OpenLog opens a host's log. The error wraps ErrRemoved if the record is gone, and fs.ErrNotExist if the host has none.
func OpenLog(files Files, host string) (*os.File, error) {
	path := files.LogPath(host)
	log, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = unlessRemoved(filepath.Dir(filepath.Dir(filepath.Dir(path))), err)
	}
	return log, err
}

// inMemory is an output that is not in a file: there is nothing to close.
type inMemory struct{ *strings.Reader }

func (inMemory) Close() error { return nil }
