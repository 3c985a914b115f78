package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamagedOutput: an output that has changed since the host printed it is said to be damaged wherever it is shown from
// its beginning, and gives no values; what other hosts printed is shown as ever.
func TestDamagedOutput(t *testing.T) {
	dir := recorded(t)
	path := filepath.Join(dir, "hosts", "web1", "stdout")
	for _, changed := range []string{"hi\n", "ho\n", "hi\nho\n"} {
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Summary()
		if err != nil {
			t.Fatal(err)
		}
		columns, err := ParseColumns("said")
		if err != nil {
			t.Fatal(err)
		}
		for name, show := range map[string]func(b *bytes.Buffer) error{
			"gather":   func(b *bytes.Buffer) error { return Gather(b, s, r, Gathering{}, Style{}) },
			"alike":    func(b *bytes.Buffer) error { return Gather(b, s, r, Gathering{Alike: true}, Style{}) },
			"host":     func(b *bytes.Buffer) error { return EachHost(b, s, r, Style{}) },
			"columns":  func(b *bytes.Buffer) error { return ColumnsTable(b, s, r, columns, Style{}) },
			"markdown": func(b *bytes.Buffer) error { return Formats["markdown"](b, &Report{Summary: s, Files: r}) },
			"stream": func(b *bytes.Buffer) error {
				stream := &Stream{W: b, Files: r}
				for batch := range r.Events() {
					if err := stream.Events(batch); err != nil {
						return err
					}
				}
				return stream.Close()
			},
		} {
			var b bytes.Buffer
			err := show(&b)
			told := strings.Count(b.String(), "damaged: this is not what the host printed")
			want := 1
			if changed == "hi\n" || name == "stream" && changed == "hi\nho\n" { // a stream shows only what the journal knows of
				want = 0
			}
			if err != nil || told != want || strings.Count(b.String(), "hi") < 2 {
				t.Errorf("%q as %s: told %d times, want %d, beside what the others printed (%v):\n%s", changed, name, told, want, err, b.String())
			}
		}
	}
}
