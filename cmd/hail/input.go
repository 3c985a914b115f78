package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
)

// input puts --stdin or --stdin-dir, the input of the commands, into s and the job: one file for all hosts, or one for each. Its
// size and digest have to be known in advance, so standard input, and any file that is not a regular one, is read to its end.
func (j *job) input(e environment, c *cli.Context, hosts []inventory.Host, s *action.Surroundings) error {
	file, dir := c.String("stdin"), c.String("stdin-dir")
	switch {
	case file != "" && dir != "":
		return usage("", "--stdin and --stdin-dir don't go together")
	case c.Bool("dry-run"):
		return nil
	case dir != "":
		s.Stdin, s.InputDigests = dir+"/HOST", map[string]string{}
		for _, h := range hosts {
			if !filepath.IsLocal(h.Name) || strings.ContainsRune(h.Name, '/') {
				return wrongValue("stdin-dir", "", "%q can't be the name of a file in %s", h.Name, dir)
			}
			blob, err := fileBlob(filepath.Join(dir, h.Name))
			if err != nil {
				return wrongValue("stdin-dir", "put a file with the name of each host there", "%v", err)
			}
			s.InputDigests[h.Name] = blob.Digest
			j.blobs = append(j.blobs, blob)
		}
		return nil
	case file == "":
		return nil
	}
	blob, err := blobOf(file, e.stdinOf(c, "the input of the hosts"))
	if err != nil {
		return wrongValue("stdin", "", "%v", err)
	}
	s.Stdin, s.InputDigest = file, blob.Digest
	j.blobs = append(j.blobs, blob)
	return nil
}

// blobOf returns the content of a file, regular or not, or of standard input (-).
func blobOf(file string, stdin io.Reader) (report.Blob, error) {
	if file == "-" {
		return spooled(stdin)
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f, err := os.Open(file)
		if err != nil {
			return report.Blob{}, err
		}
		defer f.Close()
		return spooled(f)
	}
	return fileBlob(file)
}

// fileBlob returns the content of a regular file.
func fileBlob(path string) (report.Blob, error) {
	f, err := os.Open(path)
	if err != nil {
		return report.Blob{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return report.Blob{}, fmt.Errorf("%s is not a regular file", path)
	}
	read := runner.DigestWriter{W: io.Discard}
	_, err = io.Copy(&read, f)
	return report.Blob{Digest: read.Digest(), Size: read.Size, Open: func() (io.ReadCloser, error) { return os.Open(path) }}, err
}

// spooled copies a content that can be read only once to an unlinked temporary file, which vanishes with the process.
func spooled(in io.Reader) (report.Blob, error) {
	spool, err := os.CreateTemp("", "hail-stdin-")
	if err != nil {
		return report.Blob{}, err
	}
	os.Remove(spool.Name())
	to := runner.DigestWriter{W: spool}
	_, err = io.Copy(&to, in)
	return report.Blob{Digest: to.Digest(), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.NewSectionReader(spool, 0, to.Size)), nil
	}}, err
}
