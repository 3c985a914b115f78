package sshconn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
)

// keyFile is a private key, or why there is none. An encrypted key has no signer until it is unlocked, but may have its
// public half. Of a key whose private half only an agent holds, there is just the public one.
type keyFile struct {
	once   sync.Once
	signer ssh.Signer
	locked bool // encrypted
	public ssh.PublicKey
	err    error
}

func (f *keyFile) read(path string) {
	info, err := os.Stat(path)
	half := path // as with ssh, the file may itself be the public half, or only that beside it may exist
	if err != nil {
		half += ".pub"
	}
	if f.public = publicHalf(half); f.public != nil {
		return
	}
	if err != nil {
		f.err = fmt.Errorf("identity %s: %w", path, cause(err))
		return
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		f.err = fmt.Errorf("identity %s: others may read it (mode %04o); run chmod 600 on it", path, info.Mode().Perm())
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.err = fmt.Errorf("identity %s: %w", path, cause(err))
		return
	}
	f.signer, err = ssh.ParsePrivateKey(text)
	locked, ok := errors.AsType[*ssh.PassphraseMissingError](err)
	switch {
	case ok:
		f.locked, f.public = true, locked.PublicKey
		if f.public == nil {
			f.public = publicHalf(path + ".pub")
		}
	case err != nil:
		f.err = fmt.Errorf("identity %s: not a private key that can be read", path)
	default:
		f.public = f.signer.PublicKey()
	}
}

// publicHalf returns the public key in a file; nil when there is none.
func publicHalf(path string) ssh.PublicKey {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

// certificate is a user certificate in a file, or why there is none.
type certificate struct {
	once sync.Once
	cert *ssh.Certificate
	err  error
}

func (c *certificate) read(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		c.err = fmt.Errorf("certificate %s: %w", path, cause(err))
		return
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := key.(*ssh.Certificate)
	if err != nil || !ok || cert.CertType != ssh.UserCert {
		c.err = fmt.Errorf("certificate %s: not a user certificate", path)
		return
	}
	c.cert = cert
}

// cause returns the reason in a file error without the path, which the caller's message already has.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
