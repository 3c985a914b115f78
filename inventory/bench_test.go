package inventory

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchmarkGrowth runs do for a size and for ten times that size, and reports how much longer the latter takes: 10 is
// linear growth.
func benchmarkGrowth(b *testing.B, size int, prepare func(b *testing.B, size int) (do func())) {
	var one time.Duration
	for _, n := range []int{size, 10 * size} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			do := prepare(b, n)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			took := b.Elapsed() / time.Duration(b.N)
			if one == 0 {
				one = took
			} else {
				b.ReportMetric(float64(took)/float64(one), "growth")
			}
		})
	}
}

func manyHosts(n int) string {
	var b strings.Builder
	b.WriteString("defaults: {user: deploy}\ngroups:\n")
	for g := range n / 50 {
		fmt.Fprintf(&b, "  rack%d:\n    vars: {rack: %d}\n    hosts:\n", g, g)
		for h := range 50 {
			fmt.Fprintf(&b, "      host%d-%02d: {address: 10.%d.%d.%d, vars: {serial: %d}}\n", g, h, g>>8, g&255, h, g*h)
		}
	}
	return b.String()
}

// manyAnsible is manyHosts as an Ansible INI file.
func manyAnsible(n int) string {
	var b strings.Builder
	for g := range n / 50 {
		fmt.Fprintf(&b, "[rack%d]\n", g)
		for h := range 50 {
			fmt.Fprintf(&b, "host%d-%02d ansible_host=10.%d.%d.%d serial=%d role='front end'\n", g, h, g>>8, g&255, h, g*h)
		}
		fmt.Fprintf(&b, "[rack%d:vars]\nrack=%d\n", g, g)
	}
	return b.String()
}

// manyGroups has groups of two hosts each, one of which is in all of them, n hosts in all.
func manyGroups(n int) string {
	var b strings.Builder
	for g := range n - 1 {
		fmt.Fprintf(&b, "[site%d]\nhost%d\nmonitor\n", g, g)
	}
	return b.String()
}

// manyVars has n hosts in a group with n vars.
func manyVars(n int) string {
	var hosts, vars strings.Builder
	for i := range n {
		fmt.Fprintf(&hosts, "host%d\n", i)
		fmt.Fprintf(&vars, "var%d=%d\n", i, i)
	}
	return "[site]\n" + hosts.String() + "[site:vars]\n" + vars.String()
}

// manySSH has one Host line for each host, and one for all.
func manySSH(n int) string {
	var b strings.Builder
	b.WriteString("Host")
	for h := range n {
		fmt.Fprintf(&b, " host%d", h)
	}
	b.WriteString("\n\tPort 2222")
	for h := range n {
		fmt.Fprintf(&b, "\nHost host%d\n\tUser u%d", h, h)
	}
	return b.String()
}

// manyClusterGroups has groups of five hosts each, n hosts in all.
func manyClusterGroups(n int) string {
	var b strings.Builder
	b.WriteString("racks:\n")
	for g := range n / 5 {
		fmt.Fprintf(&b, "  rack%d: host%d-[1-5]\n", g, g)
	}
	return b.String()
}

func BenchmarkLoadYAML(b *testing.B) { benchmarkGrowth(b, 10_000, loading("", "i.yaml", manyHosts)) }
func BenchmarkLoadINI(b *testing.B)  { benchmarkGrowth(b, 10_000, loading("", "i.ini", manyAnsible)) }
func BenchmarkLoadGroups(b *testing.B) {
	benchmarkGrowth(b, 10_000, loading("", "i.ini", manyGroups))
}
func BenchmarkLoadVars(b *testing.B) { benchmarkGrowth(b, 1_000, loading("", "i.ini", manyVars)) }
func BenchmarkLoadSSHConfig(b *testing.B) {
	benchmarkGrowth(b, 5_000, loading("ssh_config:", "config", manySSH))
}
func BenchmarkLoadClusterShell(b *testing.B) {
	benchmarkGrowth(b, 10_000, loading("clustershell:", "g.yaml", manyClusterGroups))
}

func loading(format, name string, text func(n int) string) func(b *testing.B, n int) func() {
	return func(b *testing.B, n int) func() {
		paths := write(b, name, text(n))
		paths[0] = format + paths[0]
		return func() {
			if inv, err := Load(b.Context(), paths, Surroundings{}); err != nil || len(inv.Hosts()) != n {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkLoadMemory measures the memory that it takes to load 100,000 hosts and select some, in a process of its own.
func BenchmarkLoadMemory(b *testing.B) {
	path := write(b, "i.yaml", manyHosts(100_000))[0]
	for b.Loop() {
		c := exec.Command(os.Args[0], "-test.run=^TestLoadAlone$")
		c.Env = append(os.Environ(), "LOAD_ALONE="+path)
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		b.ReportMetric(float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024, "MiB-peak")
	}
}

// TestLoadAlone is the process that BenchmarkLoadMemory starts. It is skipped otherwise.
func TestLoadAlone(t *testing.T) {
	path := os.Getenv("LOAD_ALONE")
	if path == "" {
		t.Skip("only BenchmarkLoadMemory runs it")
	}
	inv, err := Load(t.Context(), []string{path}, Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	if hosts, err := Select(inv, Query{Targets: []string{"@*&serial>=7!host1*"}}, Lookups{}); err != nil || len(hosts) != 43504 {
		t.Errorf("%d hosts, %v, want 43504", len(hosts), err)
	}
}

func BenchmarkSelect(b *testing.B) {
	for name, expr := range map[string]string{"groups": "@*!@rack[0-99]&host*7", "attributes": "rack>=7&serial!=9!name=~7$", "regex": "/^host1.*3$/", "names": "host[0-199]-[00-49]"} {
		b.Run(name, func(b *testing.B) {
			benchmarkGrowth(b, 10_000, func(b *testing.B, n int) func() {
				inv := load(b, "i.yaml", manyHosts(n))
				return func() {
					if hosts, err := Select(inv, Query{Targets: []string{expr}}, Lookups{}); err != nil || len(hosts) == 0 {
						b.Fatal(len(hosts), err)
					}
				}
			})
		})
	}
}

// BenchmarkFold folds names of several shapes, some with much in common, some with nothing.
func BenchmarkFold(b *testing.B) {
	benchmarkGrowth(b, 10_000, func(b *testing.B, n int) func() {
		names := mixedNames(n)
		return func() { Fold(names) }
	})
}

func mixedNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		switch i % 4 {
		case 0:
			names[i] = fmt.Sprintf("web%05d.dc%d.example.com", i, i%3)
		case 1:
			names[i] = fmt.Sprintf("r%dn%02d", i/100, i%100)
		case 2:
			names[i] = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		case 3:
			names[i] = fmt.Sprintf("host-%x", i*7919)
		}
	}
	return names
}
