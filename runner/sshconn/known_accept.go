package sshconn

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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
	last, err := k.catchUp(f)
	if err != nil {
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
	if last != '\n' {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		return false, errors.Join(err, f.Truncate(k.covered)) // a part of it could be taken for another key
	}
	k.covered += int64(len(line))
	k.lines++
	k.plain[name] = append(k.plain[name], knownKey{kind: key.Type(), blob: blob, place: fmt.Sprintf("%s:%d", k.writable, k.lines)})
	return true, nil
}

// catchUp indexes what was appended to the file since it was last read, and returns the file's last byte, or a newline
// if it is empty. A file that has become shorter is read again from its beginning, and what it said before still
// counts.
func (k *knownHosts) catchUp(f *os.File) (last byte, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if size < k.covered {
		k.covered, k.lines = 0, 0
	}
	from := max(k.covered-1, 0) // one byte back, for the last one
	text := make([]byte, size-from)
	if _, err := f.ReadAt(text, from); err != nil && err != io.EOF {
		return 0, err
	}
	if size == 0 {
		return '\n', nil
	}
	if size > k.covered {
		k.lines = k.add(k.writable, k.lines, text[min(k.covered, 1):], func(string) {})
		k.covered = size
	}
	return text[len(text)-1], nil
}
