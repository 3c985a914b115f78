package check_test

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/hosttest"
)

// TestKinds runs every type of check against real things. For each attribute one check holds, one does not, and where
// possible one cannot be judged. DIR and similar words are replaced first.
func TestKinds(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, content := range map[string]string{"plain": "hello\nworld\n", "locked": "", "future": "", "it's a \"name\"": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	// The file from the future is as old as the middle of what is shown as one age: a second look may come seconds later.
	must(t, os.Symlink("plain", filepath.Join(dir, "link")), os.Symlink("nowhere", filepath.Join(dir, "dangling")),
		os.Chtimes(filepath.Join(dir, "plain"), time.Time{}, time.Now().Add(-3*time.Hour)), os.Chtimes(filepath.Join(dir, "future"), time.Time{}, time.Now().Add(99*24*time.Hour+12*time.Hour+7*time.Minute)), os.Chmod(filepath.Join(dir, "plain"), 0o640), os.Chmod(filepath.Join(dir, "locked"), 0))
	must(t, exec.Command("mkfifo", filepath.Join(dir, "fifo")).Run())
	me, err := user.Current()
	must(t, err)
	group, err := user.LookupGroupId(me.Gid)
	must(t, err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer packets.Close()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Load", "7")
		w.Header()["X-Twice"] = []string{"a", "b"}
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/health", http.StatusFound)
		case "/zipped":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprintln(z, "zipped")
			z.Close()
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", 2<<20))
		default:
			fmt.Fprintln(w, `{"ok": true, "load": 0.5, "method": "`+r.Method+`"}`)
		}
	}))
	defer web.Close()
	secure := secureServer(t, 30, &tls.Config{})
	defer secure.Close()
	mutual := secureServer(t, 30, &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12})
	defer mutual.Close()
	old := secureServer(t, 30, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}})
	defer old.Close()
	copied := &tls.Config{}
	impostor := secureServer(t, 30, copied)
	defer impostor.Close()
	copiedMutual := &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	mutualImpostor := secureServer(t, 30, copiedMutual)
	defer mutualImpostor.Close()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	copied.Certificates[0].PrivateKey, copiedMutual.Certificates[0].PrivateKey = other, other // nobody has connected yet
	sleeper := exec.Command("sleep", "3600")
	sleeper.Args[0] = "hail-sleeper"
	must(t, sleeper.Start())
	defer sleeper.Process.Kill()
	port := func(a net.Addr) string { _, p, _ := net.SplitHostPort(a.String()); return p }

	places := strings.NewReplacer("DIR", dir, "ME", me.Username, "UID", me.Uid, "GROUP", group.Name, "GID", me.Gid, "HOME", me.HomeDir,
		"LISTENS", port(listener.Addr()), "CLOSED", fmt.Sprint(hosttest.Port(t)), "UDP", port(packets.LocalAddr()), "WEB", web.URL, "SECURE", port(secure.Addr()),
		"MUTUAL", port(mutual.Addr()), "OLD", port(old.Addr()), "COPIED1", port(impostor.Addr()), "COPIED2", port(mutualImpostor.Addr()))
	suites := map[string]string{} // by userland and type: all checks of a type go into one command, without those of others
	for i, row := range kindRows {
		kind, _, _ := strings.Cut(row.check, ":")
		for _, userland := range []string{"gnu", "busybox"} {
			if row.not != userland {
				suites[userland+" "+kind] += fmt.Sprintf("  - {id: %d, %s}\n", i, places.Replace(row.check))
			}
		}
	}
	machines := userlands(t)
	t.Run("all", func(t *testing.T) { // and then the servers are closed
		for name, checks := range suites {
			userland, kind, _ := strings.Cut(name, " ")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m := *machines[userland]
				verdicts, _ := m.run(t, read(t, "checks:\n"+checks))
				for i, row := range kindRows {
					if !strings.HasPrefix(row.check, kind+":") || row.not == userland {
						continue
					}
					v := verdicts[fmt.Sprint(i)]
					if v.Outcome != row.want || !strings.Contains(v.Text, places.Replace(row.says)) {
						t.Errorf("%s: %s: %s, want %s with %q", row.check, v.Outcome, v.Text, row.want, places.Replace(row.says))
					}
					checks, err := readHealth("{id: it, " + places.Replace(row.check) + "}")
					if err != nil {
						if !notOnHost.MatchString(row.check) {
							t.Errorf("%s: as a health check: %v", row.check, err)
						}
						continue
					}
					if pass, why := m.judge(t, checks[0]); pass != (row.want == runner.Pass) || took.ReplaceAllString(why, "") != took.ReplaceAllString(string(v.Text), "") {
						t.Errorf("%s: as a health check: %v %q, and %s %q as a test", row.check, pass, why, v.Outcome, v.Text)
					}
				}
			})
		}
	})
}

// TestEveryWord: each attribute of each type is in a check of TestKinds, and each type has its row in docs/checks.md, with
// all of its words.
func TestEveryWord(t *testing.T) {
	tested := map[string]string{}
	for _, row := range kindRows {
		kind, words, _ := strings.Cut(row.check, ":")
		tested[kind] += words + " " + row.says + "\n"
	}
	page, err := os.ReadFile("../../../docs/checks.md")
	must(t, err)
	params, attributes := check.Words()
	for kind := range attributes {
		row := regexp.MustCompile("(?m)^\\| `" + kind + "` \\| .*").FindString(string(page))
		if row == "" {
			t.Errorf("docs/checks.md has no row for %s", kind)
		}
		for _, word := range slices.Concat(params[kind], attributes[kind]) {
			if !strings.Contains(row, "`"+word+"`") {
				t.Errorf("docs/checks.md does not say that %s has %s", kind, word)
			}
		}
		for _, a := range attributes[kind] {
			if !regexp.MustCompile(`\b` + a + `\b`).MatchString(tested[kind]) {
				t.Errorf("TestKinds tests no %s of %s", a, kind)
			}
		}
	}
}

// TestReasons: a reason is shown for the attributes that it is the reason for, and once.
func TestReasons(t *testing.T) {
	server := secureServer(t, 30, &tls.Config{})
	defer server.Close()
	verdicts, _ := newMachine(t, "busybox").run(t, read(t, `checks:
  - {id: days, tls: {address: "`+server.Addr().String()+`", days_left: 1}}
  - {id: package, package: {name: x, installed: true, version: "1"}}
`))
	for id, want := range map[string]string{"days": "days_left: expected 1, is 29", "package": "installed, version: there is neither dpkg nor rpm nor apk nor pacman"} {
		if got := string(verdicts[id].Text); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// TestCaptured: of a command that fails, a value is what it printed, if anything: that it printed nothing is no value.
func TestCaptured(t *testing.T) {
	verdicts, _ := newMachine(t, "busybox").run(t, read(t, `checks:
  - {id: ok, command: "true", capture: a}
  - {id: accepted, command: {run: "false", exit: 1}, capture: b}
  - {id: judged, command: {run: "true", stdout: x}, capture: c}
  - {id: said, command: "echo inactive; exit 3", capture: d}
  - {id: status, command: "exit 3", capture: {e: exit}}
  - {id: silent, command: "exit 3", capture: f}
  - {id: unjudged, command: {run: no-such-tool, stdout: "9"}, capture: g}
`))
	for id, want := range map[string]string{"ok": "", "accepted": "", "judged": "", "said": "inactive", "status": "3", "silent": "none", "unjudged": "none"} {
		got := "none"
		if value := verdicts[id].Value; value != nil {
			got = string(*value)
		}
		if got != want {
			t.Errorf("%s: the value is %q, want %q", id, got, want)
		}
	}
}

// notOnHost matches the checks that health checks refuse. took matches what differs from one run to the next.
var (
	notOnHost = regexp.MustCompile(`^(tcp|http|tls|clock):|^dns:.*[^t]$|jq:`)
	took      = regexp.MustCompile(`is [0-9.hms]+s$|is \d+$`)
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// secureServer accepts TLS connections, with a self-signed certificate that is valid for some days.
func secureServer(t *testing.T, days int, with *tls.Config) net.Listener {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hail test"}, NotAfter: time.Now().AddDate(0, 0, days),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	with.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	l, err := tls.Listen("tcp", "127.0.0.1:0", with)
	must(t, err)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.(*tls.Conn).Handshake()
				conn.Close()
			}()
		}
	}()
	return l
}
