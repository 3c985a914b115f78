package action_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/action"
)

// BenchmarkPush pushes one small file, a thousand small files and a large file to this machine, each over nothing, over
// other contents and over the same contents. It also reports the CPU time of hail, and that of the commands on the
// host.
func BenchmarkPush(b *testing.B) {
	for _, of := range []struct {
		what        string
		files, size int
	}{{"one", 1, 4 << 10}, {"tree", 1000, 4 << 10}, {"large", 1, 10 << 20}} {
		for _, over := range []string{"nothing", "others", "same"} {
			b.Run(of.what+"/over="+over, func(b *testing.B) {
				m := newMachine(b, "gnu")
				src := b.TempDir()
				spec := &action.PushSpec{Files: []action.PushFile{{Src: src + "/", Dest: m.dir + "/tree", Delete: "none"}}}
				want := runner.Changed
				if over == "same" {
					want = runner.OK
					fill(b, src, of.files, of.size)
					m.pushSpec(b, b.Context(), spec, nil).want(b, "before", runner.Changed, "", "")
				}
				b.SetBytes(int64(of.files * of.size))
				var here, there time.Duration
				for b.Loop() {
					b.StopTimer()
					switch over {
					case "nothing":
						if err := os.RemoveAll(m.dir + "/tree"); err != nil {
							b.Fatal(err)
						}
						fallthrough
					case "others":
						fill(b, src, of.files, of.size)
					}
					h, t := spent(b, syscall.RUSAGE_SELF), spent(b, syscall.RUSAGE_CHILDREN)
					b.StartTimer()
					m.pushSpec(b, b.Context(), spec, nil).want(b, over, want, "", "")
					here, there = here+spent(b, syscall.RUSAGE_SELF)-h, there+spent(b, syscall.RUSAGE_CHILDREN)-t
				}
				b.ReportMetric(here.Seconds()*1000/float64(b.N), "hail-ms/op")
				b.ReportMetric(there.Seconds()*1000/float64(b.N), "host-ms/op")
			})
		}
	}
}

// fill writes files with new random contents to a folder.
func fill(b *testing.B, dir string, files, size int) {
	content := make([]byte, size)
	for i := range files {
		rand.Read(content)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%03d", i)), content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// spent is the CPU time of this process, or of the child processes that it has waited for.
func spent(b *testing.B, who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
