package push_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/connsuite"
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
				spec := &push.Spec{Files: []push.FileSpec{{Src: src + "/", Dest: m.dir + "/tree", Delete: "none"}}}
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

// BenchmarkRender renders a configuration of ten files, two of them templates with three different contents, and a
// health check, for 10,000 hosts.
func BenchmarkRender(b *testing.B) {
	dir := b.TempDir()
	text := "# {{.vars.role}}\n" + strings.Repeat("server {{.vars.role}} {{range .groups}}{{.}} {{end}}{{.vars.settings.workers}}\n", 100)
	var spec strings.Builder
	spec.WriteString("health: [{command: {run: \"grep -q {{.vars.role}} /etc/app/app.conf\"}}]\nfiles:\n")
	for i := range 10 {
		name := fmt.Sprintf("file%d", i)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&spec, "  - {src: %s, dest: /etc/app/%s, template: %v}\n", name, name, i < 2)
	}
	s, err := push.ReadSpec(filepath.Join(dir, "spec.yaml"), []byte(spec.String()))
	if err != nil {
		b.Fatal(err)
	}
	hosts := make([]inventory.Host, 10_000)
	for i := range hosts {
		role := []string{"web", "db", "cache"}[i%3]
		hosts[i] = inventory.Host{Name: fmt.Sprintf("h%05d", i), Groups: []string{role, "prod"}, Vars: map[string]any{"role": role, "id": i, "db_password": fmt.Sprint("secret", i),
			"settings": map[string]any{"workers": i % 3, "list": []any{1, 2, 3}}, "rack": fmt.Sprint("r", i/40)}}
	}
	b.ReportAllocs()
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		p, contents, err := push.Render([]*push.Spec{s}, hosts, nobody, inventory.SecretVars)
		if err != nil || len(p.Manifests) != 3 || len(contents) != 4 {
			b.Fatalf("%d manifests, %d contents, %v", len(p.Manifests), len(contents), err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(p)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(hosts)), "heap-B/host")
		b.ReportMetric(float64(len(p.Spec().Args))/float64(len(hosts)), "plan-B/host")
	}
}

// BenchmarkPushFleet pushes a template to 10,000 hosts that answer at once, so that only the cost on our side is
// measured.
func BenchmarkPushFleet(b *testing.B) {
	hosts := make([]inventory.Host, 10_000)
	for i := range hosts {
		hosts[i] = inventory.Host{Name: fmt.Sprintf("h%05d", i), Vars: map[string]any{"role": i % 3}}
	}
	text := strings.Repeat("# {{.vars.role}}\n", 1000)
	spec := &push.Spec{Files: []push.FileSpec{{Content: &text, Template: true, Dest: "/etc/app/app.conf", Delete: "none"}}}
	answer := func(_ context.Context, _ inventory.Host, cmd string, s runner.Stdio) error {
		in, err := io.ReadAll(s.In)
		if err != nil {
			return err
		}
		said := "NONCEbegins\nNONCEchanged\n"
		if bytes.HasPrefix(in, []byte("d ")) {
			said = "NONCEid 0 0\nNONCErooms\n1000000\nNONCEkinds -d\nNONCEstats\n755 0 0 4096 2 1.0 1 1\nNONCEend\n"
		}
		nonce := regexp.MustCompile(`hail ([A-Z2-7]{26})`).FindStringSubmatch(cmd)[1]
		fmt.Fprint(s.Out, strings.ReplaceAll(said, "NONCE", "hail:"+nonce+":"))
		return nil
	}
	b.ReportAllocs()
	for b.Loop() {
		p, contents, err := push.Render([]*push.Spec{spec}, hosts, nobody, inventory.SecretVars)
		if err != nil || len(contents) != 3 {
			b.Fatal(len(contents), err)
		}
		a, err := push.New(p.Spec(), rendered(contents))
		if err != nil {
			b.Fatal(err)
		}
		changed := 0
		for batch := range runner.Run(b.Context(), runner.Plan{Hosts: hosts, Fanout: 100}, a, &connsuite.Fake{Exec: answer}, nil) {
			for _, e := range batch {
				if e.Kind == runner.KindFinish && e.Status == runner.Changed {
					changed++
				} else if e.Kind == runner.KindFinish {
					b.Fatalf("%s: %s %s", e.Host, e.Status, e.Error)
				}
			}
		}
		if changed != len(hosts) {
			b.Fatalf("%d of %d hosts are changed", changed, len(hosts))
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	if _, peak, ok := strings.Cut(string(status), "VmHWM:"); ok {
		kib, _ := strconv.Atoi(strings.Fields(peak)[0])
		b.ReportMetric(float64(kib)/1024, "peak-MiB")
	}
}
