package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// Digest returns the SHA-256 of content in hexadecimal.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// DigestWriter passes writes on to W and computes the digest of the bytes that W has accepted. It is not safe for
// concurrent use.
type DigestWriter struct {
	W    io.Writer // never nil
	Size int64     // bytes so far
	sum  hash.Hash
}

// Write implements io.Writer.
func (d *DigestWriter) Write(p []byte) (int, error) {
	n, err := d.W.Write(p)
	if d.sum == nil {
		d.sum = sha256.New()
	}
	d.sum.Write(p[:n])
	d.Size += int64(n)
	return n, err
}

// Digest returns the digest of the bytes written so far.
func (d *DigestWriter) Digest() string {
	if d.sum == nil {
		return Digest(nil)
	}
	return hex.EncodeToString(d.sum.Sum(nil))
}
