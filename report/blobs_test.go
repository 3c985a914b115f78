package report

import (
	"os"
	"strings"
	"testing"

	"hail/runner"
)

// TestBlobOfEarlierRun: a run that repeats another takes over its contents, unless they are no longer what they were.
func TestBlobOfEarlierRun(t *testing.T) {
	dir := t.TempDir()
	sent := BlobOf([]byte("a script"))
	create := func(blobs []Blob) (*Record, error) {
		return Create(dir, Head{Plan: &runner.Plan{Run: NextRunID(dir, start)}}, blobs, 1)
	}
	first, err := create([]Blob{sent})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	blobs, err := first.Blobs()
	if err != nil {
		t.Fatal(err)
	}
	second, err := create(blobs)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := os.WriteFile(first.blobPath(sent.Digest), []byte("a scr"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := create(blobs); err == nil || !strings.HasSuffix(err.Error(), sent.Digest+" is no longer what was sent") {
		t.Errorf("after a change of the content: %v", err)
	}
}
