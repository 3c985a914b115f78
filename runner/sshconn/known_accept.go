package sshconn

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"
)

// accept appends the key of a new host to the known_hosts file: one whole line, under a lock that other hail processes
// take too, after adding a final newline that is missing. When another process has recorded a key for the host
// meanwhile, nothing is added, and a different key is an error. ctx ends the wait for the lock, which another process
// may keep.
func (k *knownHosts) accept(ctx context.Context, name string, key ssh.PublicKey) (added bool, err error) {
	if k.writable == "" {
		return false, errors.New("there is no known_hosts file for it")
	}
	if err := os.MkdirAll(filepath.Dir(k.writable), 0o700); err != nil {
		return false, err
	}
	lock := flock.New(k.writable, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if locked, err := lock.TryLockContext(ctx, 50*time.Millisecond); !locked {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s is locked: %w", k.writable, context.Cause(ctx))
		}
		return false, err
	}
	defer lock.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := os.OpenFile(k.writable, os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := k.catchUp(f); err != nil {
		return false, err
	}
	blob := string(key.Marshal())
	if others := k.named(name); len(others) > 0 {
		if !slices.ContainsFunc(others, func(o knownKey) bool { return o.blob == blob }) {
			return false, fmt.Errorf("another key was recorded for %s just now (%s)", name, others[0].place)
		}
		return false, nil
	}
	line := fmt.Sprintf("%s %s %s\n", name, key.Type(), base64.StdEncoding.EncodeToString([]byte(blob)))
	if len(k.end) > 0 && !bytes.HasSuffix(k.end, []byte("\n")) {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		return false, errors.Join(err, f.Truncate(k.covered)) // a part of it could be taken for another key
	}
	k.cover([]byte(line), k.lines+1)
	k.plain[name] = append(k.plain[name], knownKey{kind: key.Type(), blob: blob, place: fmt.Sprintf("%s:%d", k.writable, k.lines)})
	return true, nil
}

// catchUp indexes what was appended to the file since it was last read. Another file in its place, or one in which
// something else stands where the reading had ended, is read from its beginning, and what the index says already still
// counts.
func (k *knownHosts) catchUp(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	text, err := readFrom(f, k.covered-int64(len(k.end)))
	text, appended := bytes.CutPrefix(text, k.end)
	if err == nil && !(appended && os.SameFile(info, k.file)) {
		k.file, k.covered, k.lines, k.end = info, 0, 0, nil
		text, err = readFrom(f, 0)
	}
	if err != nil {
		return err
	}
	k.cover(text, k.add(k.writable, k.lines, text, func(string) {}))
	return nil
}

func readFrom(f *os.File, offset int64) ([]byte, error) {
	return io.ReadAll(io.NewSectionReader(f, offset, math.MaxInt64-offset))
}

// cover notes that text, which ends with this line of the file, is in the index.
func (k *knownHosts) cover(text []byte, lines int) {
	k.covered, k.lines = k.covered+int64(len(text)), lines
	end := slices.Concat(k.end, text[max(len(text)-longestEnd, 0):])
	k.end = end[max(len(end)-longestEnd, 0):]
}

// longestEnd is how much is compared: some twenty lines.
const longestEnd = 4 << 10
