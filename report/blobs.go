package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"hail/runner"
)

// Blob is a content that a plan names by its digest: a script, an input, a pushed file. The record holds each once, so
// that a run that repeats this one sends the same.
type Blob struct {
	Digest string                        // runner.Digest of the content
	Size   int64                         // 0 if nobody needs it: the record can tell
	Open   func() (io.ReadCloser, error) // the caller closes it
	Path   string                        // a file of another record with the content, to link to; may be empty
}

// BlobOf returns a Blob for a content in memory.
func BlobOf(content []byte) Blob {
	return Blob{Digest: runner.Digest(content), Size: int64(len(content)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// blobPath returns where a content of the record is.
func (f hostFiles) blobPath(digest string) string {
	return filepath.Join(f.dir, blobsFolder, filepath.Base(digest))
}

// Blob opens a content of the record, and returns its size. The caller closes it.
func (f hostFiles) Blob(digest string) (io.ReadCloser, int64, error) {
	file, err := openRegular(f.blobPath(digest))
	if err != nil {
		return nil, 0, fmt.Errorf("the record lacks the content %.12s…: %w", digest, err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// Blobs returns the contents that the record holds, without their sizes.
func (f hostFiles) Blobs() (all []Blob, err error) {
	entries, err := os.ReadDir(filepath.Join(f.dir, blobsFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(f.dir, blobsFolder, e.Name())
		all = append(all, Blob{Digest: e.Name(), Path: path, Open: func() (io.ReadCloser, error) { return openRegular(path) }})
	}
	return all, nil
}

// writeBlobs stores contents in the record.
func (f hostFiles) writeBlobs(blobs []Blob) error {
	if len(blobs) == 0 {
		return nil
	}
	if err := os.Mkdir(filepath.Join(f.dir, blobsFolder), 0o700); err != nil {
		return err
	}
	// Several at once: the file system makes durable in one go what is written by then; one by one, each would wait.
	errs := make([]error, len(blobs))
	slots := make(chan struct{}, blobsAtOnce)
	known := map[string]bool{}
	var wg sync.WaitGroup
	for i, b := range blobs {
		if known[b.Digest] {
			continue
		}
		known[b.Digest] = true
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = f.writeBlob(b)
			<-slots
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return syncDir(filepath.Join(f.dir, blobsFolder))
}

const blobsAtOnce = 16

// writeBlob stores a content in the record, by a link if possible.
func (f hostFiles) writeBlob(b Blob) (err error) {
	if b.Path != "" {
		if err := b.copyTo(io.Discard); errors.Is(err, errOther) {
			return fmt.Errorf("%s is no longer what was sent", b.Path)
		} else if err != nil {
			return err
		}
		if os.Link(b.Path, f.blobPath(b.Digest)) == nil {
			return nil
		}
	}
	file, err := createFile(f.blobPath(b.Digest))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := b.copyTo(file); errors.Is(err, errOther) {
		return errors.New("a file for the hosts changed while it was being recorded")
	} else if err != nil {
		return err
	}
	return file.Sync()
}

// errOther says that a content is not the one of its digest.
var errOther = errors.New("another content")

// copyTo writes the content to w. The error is errOther if it is not the one of the digest.
func (b Blob) copyTo(w io.Writer) error {
	from, err := b.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	to := runner.DigestWriter{W: w}
	if _, err := io.Copy(&to, from); err != nil {
		return err
	}
	if to.Digest() != b.Digest {
		return errOther
	}
	return nil
}
