package sshconn

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"hail/inventory"
)

// FileError is what is wrong with a file that an identity or a known_hosts names. Its text is that of Err.
type FileError struct {
	Path string // as it is named
	Err  error  // not nil
}

func (e *FileError) Error() string { return e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// Prepare reads what is needed to reach the hosts, and returns what would fail through a fault on our side: a file that
// can't be read, which is a *FileError for a key or known_hosts, a setting that is not supported. It touches no host.
func (d *Dialer) Prepare(ctx context.Context, hosts []inventory.Host) error {
	for s, err := range d.logins(ctx, hosts) {
		if err != nil {
			return err
		}
		if _, err := d.known.load(s.knownHosts); err != nil {
			return err
		}
		for _, path := range s.identities {
			if _, err := d.keys.file(path); err != nil && !s.identitiesOptional {
				return &FileError{path, err}
			}
		}
		for _, path := range s.certificates {
			if _, err := d.keys.certificate(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// logins yields the settings of every login that reaching the hosts takes, those at their jump hosts included, or for a
// host the error that stands against it.
func (d *Dialer) logins(ctx context.Context, hosts []inventory.Host) iter.Seq2[settings, error] {
	return func(yield func(settings, error) bool) {
		seen := map[string]bool{} // many hosts have the same jump hosts
		for _, h := range hosts {
			all, err := d.loginsOf(ctx, h, seen)
			if err != nil && !yield(settings{}, fmt.Errorf("%s: %w", h.Name, err)) {
				return
			}
			for _, s := range all {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// loginsOf returns the settings of the logins that reaching a host takes, without those over jump hosts that were seen
// before. A host that a master reaches takes none.
func (d *Dialer) loginsOf(ctx context.Context, h inventory.Host, seen map[string]bool) (all []settings, err error) {
	s, err := d.settings(ctx, d.config.SSHConfig, h)
	if err != nil {
		return nil, err
	}
	if way := strings.Join(s.jump, ","); s.control == "" && way != "" && !seen[way] {
		seen[way] = true
		if all, err = d.jumpSettings(ctx, s.jump); err != nil {
			return nil, err
		}
	}
	if !s.masterReachesHost {
		all = append(all, s)
	}
	return all, nil
}
