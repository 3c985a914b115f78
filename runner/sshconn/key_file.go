package sshconn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/crypto/ssh"
)

// keyFile is a private key, or why there is none. An encrypted key has no signer until it is unlocked, but may have its
// public half. Of a key whose private half only an agent holds, there is just the public one.
type keyFile struct {
	signer ssh.Signer
	locked bool // encrypted
	public ssh.PublicKey
	err    error
}

func readKey(path string) *keyFile {
	info, err := os.Stat(path)
	half := path // as with ssh, the file may itself be the public half, or only that beside it may exist
	if err != nil {
		half += ".pub"
	}
	if public := publicHalf(half); public != nil {
		return &keyFile{public: public}
	}
	if err != nil {
		return &keyFile{err: fmt.Errorf("identity %s: %w", path, cause(err))}
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return &keyFile{err: fmt.Errorf("identity %s: others may read it (mode %04o); run chmod 600 on it", path, info.Mode().Perm())}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return &keyFile{err: fmt.Errorf("identity %s: %w", path, cause(err))}
	}
	signer, err := ssh.ParsePrivateKey(text)
	locked, ok := errors.AsType[*ssh.PassphraseMissingError](err)
	switch {
	case ok && locked.PublicKey != nil:
		return &keyFile{locked: true, public: locked.PublicKey}
	case ok:
		return &keyFile{locked: true, public: publicHalf(path + ".pub")}
	case err != nil:
		return &keyFile{err: fmt.Errorf("identity %s: not a private key that can be read", path)}
	}
	return &keyFile{signer: signer, public: signer.PublicKey()}
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
	cert *ssh.Certificate
	err  error
}

func readCertificate(path string) certificate {
	text, err := os.ReadFile(path)
	if err != nil {
		return certificate{err: fmt.Errorf("certificate %s: %w", path, cause(err))}
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := key.(*ssh.Certificate)
	if err != nil || !ok || cert.CertType != ssh.UserCert {
		return certificate{err: fmt.Errorf("certificate %s: not a user certificate", path)}
	}
	return certificate{cert: cert}
}

// cause returns the reason in a file error without the path, which the caller's message already has.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
