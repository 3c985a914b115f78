package sshconn

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
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
	path := k.growing.path
	if path == "" {
		return false, errors.New("there is no known_hosts file for it")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if locked, err := lock.TryLockContext(ctx, 50*time.Millisecond); !locked {
		if ctx.Err() != nil {
			err = fmt.Errorf("%s is locked: %w", path, context.Cause(ctx))
		}
		return false, err
	}
	defer lock.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := k.growing.unread(f)
	if err != nil {
		return false, err
	}
	k.add(path, k.growing.lines, text, func(string) {})
	k.growing.advance(text)
	blob := string(key.Marshal())
	if others := k.named(name); len(others) > 0 {
		if !slices.ContainsFunc(others, func(o knownKey) bool { return o.blob == blob }) {
			return false, fmt.Errorf("another key was recorded for %s just now (%s)", name, others[0].place)
		}
		return false, nil
	}
	line := fmt.Sprintf("%s %s %s\n", name, key.Type(), base64.StdEncoding.EncodeToString([]byte(blob)))
	if end := k.growing.end; len(end) > 0 && !bytes.HasSuffix(end, []byte("\n")) {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		return false, errors.Join(err, f.Truncate(k.growing.read)) // a part of it could be taken for another key
	}
	k.growing.advance([]byte(line))
	k.plain[name] = append(k.plain[name], knownKey{kind: key.Type(), blob: blob, place: fmt.Sprintf("%s:%d", path, k.growing.lines)})
	return true, nil
}
