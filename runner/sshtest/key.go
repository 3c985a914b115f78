package sshtest

import (
	"crypto/ed25519"
	"encoding/pem"

	"golang.org/x/crypto/ssh"
)

// NewKey makes an ed25519 key.
func NewKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(private)
}

// newKeyFile makes an ed25519 key and returns its public half, and what its file holds.
func newKeyFile() (ssh.PublicKey, []byte, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, nil, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "hail")
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(block), nil
}
