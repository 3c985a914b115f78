package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"hail/runner"
)

// TestOutputInJSON: the report has the end of each output as the host printed it, and says where that is not all.
func TestOutputInJSON(t *testing.T) {
	long := strings.Repeat("x", jsonText)
	s, files := fleet([]Result{{Host: "web1"}, {Host: "web2"}, {Host: "web3"}},
		map[string]string{"web1": "one\n\x1b[31m<two>\n", "web2": "lost" + long}, map[string]string{"web1": "oops"})
	var read struct {
		Hosts []struct {
			Host           string
			Stdout, Stderr struct {
				Length int
				Text   string
				Cut    bool
			}
		}
	}
	text := (&Report{Summary: s, Files: files}).written(t, "json")
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got := fmt.Sprintf("%+v", read.Hosts)
	want := fmt.Sprintf("[{Host:web1 Stdout:{Length:15 Text:one\n\x1b[31m<two>\n Cut:false} Stderr:{Length:4 Text:oops Cut:false}} "+
		"{Host:web2 Stdout:{Length:%d Text:%s Cut:true} Stderr:{Length:0 Text: Cut:false}} {Host:web3 Stdout:{Length:0 Text: Cut:false} Stderr:{Length:0 Text: Cut:false}}]", 4+len(long), long)
	if got != want {
		t.Errorf("the hosts are %s\nwant %s", got, want)
	}

	text = (&Report{Summary: s, Files: unreadable{}}).written(t, "json")
	if err := json.Unmarshal([]byte(text), &read); err != nil || !read.Hosts[0].Stdout.Cut {
		t.Errorf("an output that can't be read is not said to be cut: %v: %s", err, text)
	}
}

// TestReadFromJSON: a summary that was read from JSON, which has no plan, is shown as any other.
func TestReadFromJSON(t *testing.T) {
	for _, checks := range []bool{false, true} {
		written := reportOf(t, checks)
		written.Stopped = runner.OverBudget
		read := &Report{Summary: &Summary{}, Files: written.Files, Events: written.Events}
		if err := json.Unmarshal([]byte(written.written(t, "json")), read.Summary); err != nil {
			t.Fatal(err)
		}
		var was, is strings.Builder
		if err := errors.Join(Text(&was, written.Summary, read.Files, Style{}), Text(&is, read.Summary, read.Files, Style{})); err != nil || is.String() != was.String() {
			t.Errorf("%v, got\n%swant\n%s", err, is.String(), was.String())
		}
		if err := errors.Join(Gather(io.Discard, read.Summary, read.Files, Gathering{Alike: true, Diff: true}, Style{}), EachHost(io.Discard, read.Summary, read.Files, Style{}),
			Checks(io.Discard, read.Summary, Style{}), CompareChecks(io.Discard, written.Summary, read.Summary, Style{})); err != nil {
			t.Error(err)
		}
		for _, name := range FormatNames() {
			read.written(t, name)
		}
	}
}

// TestJSONHostByHost: what a host printed is not kept once it is written.
func TestJSONHostByHost(t *testing.T) {
	var results []Result
	out := map[string]string{}
	for i := range 50 {
		results = append(results, Result{Host: fmt.Sprint("web", i), Status: runner.OK})
		out[results[i].Host] = strings.Repeat("x", jsonText)
	}
	s, files := fleet(results, out, nil)
	heap := &heapAtOutput{Files: files}
	if err := writeJSON(io.Discard, &Report{Summary: s, Files: heap}); err != nil {
		t.Fatal(err)
	}
	if grown := int64(heap.last) - int64(heap.first); grown > 25*jsonText {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// heapAtOutput are Files that know how big the heap was when the first and the last output was opened.
type heapAtOutput struct {
	Files
	first, last uint64
}

func (h *heapAtOutput) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	h.last = now.HeapAlloc
	h.first = cmp.Or(h.first, h.last)
	return h.Files.Output(host, stream)
}
