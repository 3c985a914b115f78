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
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	closed.Close()
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
		"LISTENS", port(listener.Addr()), "CLOSED", port(closed.Addr()), "UDP", port(packets.LocalAddr()), "WEB", web.URL, "SECURE", port(secure.Addr()),
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
	verdicts, _ := busybox(t).run(t, read(t, `checks:
  - {id: days, tls: {address: "`+server.Addr().String()+`", days_left: 1}}
  - {id: package, package: {name: x, installed: true, version: "1"}}
`))
	for id, want := range map[string]string{"days": "days_left: expected 1, is 29", "package": "installed, version: there is neither dpkg nor rpm nor apk nor pacman"} {
		if got := string(verdicts[id].Text); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// notOnHost matches the checks that health checks refuse. took matches what differs from one run to the next.
var (
	notOnHost = regexp.MustCompile(`^(tcp|http|tls|clock):|^dns:.*[^t]$|jq:`)
	took      = regexp.MustCompile(`is [0-9.hms]+s$|is \d+$`)
)

var kindRows = []struct {
	check string
	want  runner.Outcome
	says  string // is in the text of the verdict
	not   string // a userland in which it is not possible, or shows nothing new
}{
	{"command: {run: \"echo hello\", stdout: hello}", runner.Pass, "", ""},
	{"command: {run: [echo, \"it's\", \"$HOME\"], stdout: \"it's $HOME\"}", runner.Pass, "", ""},
	{"command: {run: \"echo hello\", stdout: bye}", runner.Fail, `stdout: expected "bye", is "hello"`, ""},
	{"command: {run: \"exit 3\"}", runner.Fail, "exit: expected 0, is 3", ""},
	{"command: {run: \"exit 3\", exit: {in: [2, 3]}}", runner.Pass, "", ""},
	{"command: {run: \"echo DISK CRITICAL; exit 2\"}", runner.Fail, `exit: expected 0, is 2 (stdout: "DISK CRITICAL")`, ""},
	{"command: {run: \"echo so far; echo why >&2; exit 1\"}", runner.Fail, `exit: expected 0, is 1 (stderr: "why")`, ""},
	{"command: {run: \"echo so far; echo why >&2; exit 1\", stderr: why}", runner.Fail, `exit: expected 0, is 1 (stdout: "so far")`, ""},
	{"command: {run: \"echo no >&2\", stdout: yes}", runner.Fail, `stdout: expected "yes", is "" (stderr: "no")`, ""},
	{"command: {run: \"echo oops >&2\", stderr: {contains: oops}}", runner.Pass, "", ""},
	{"command: {run: \"true\", duration: {lt: 5s}}", runner.Pass, "", ""},
	{"command: {run: \"sleep 1\", duration: {lt: 100ms}}", runner.Fail, "duration: expected < 100ms", ""},
	{"command: {run: \"sleep 60\", timeout: 1s}", runner.CheckError, "it took longer than 1s", ""},
	{"command: \"sleep 60\", timeout: 1400ms", runner.CheckError, "it took longer than 2s", "busybox"},
	{"command: \"true\", sudo: true", runner.CheckError, "exit: there is no sudo on the host", "gnu"},
	{"command: {run: \"sleep 60 >/dev/null 2>&1 &\", timeout: 5s}", runner.Pass, "", ""},
	{"command: {run: \"head -c 2000000 /dev/zero\", stdout: x}", runner.CheckError, "more than 1 MiB", ""},
	{"command: \"head -c 1000000 /dev/zero\"", runner.Pass, "", ""},
	{"command: {run: \"echo '{\\\"load\\\": [1, 2]}'\", stdout: {jq: \".load[1]\", lt: 3}}", runner.Pass, "", ""},
	{"command: {run: \"echo '{\\\"load\\\": [1, 2]}'\", stdout: {jq: \".load | length == 3\"}}", runner.Fail, "expected true from jq '.load | length == 3', is false", ""},
	{"command: {run: \"echo '{\\\"load\\\": 1}'\", stdout: {jq: .load.x}}", runner.Fail, "expected true from jq '.load.x', but jq says: expected an object but got: number (1)", ""},
	{"command: {run: echo 9, stdout: {jq: ., gt: 1, lt: 8}}", runner.Fail, "stdout: expected > 1 and < 8, is 9", ""},
	{"command: {run: \"echo '{\\\"ports\\\": [80, 443]}'\", stdout: {jq: .ports, equals: [443, 80]}}", runner.Pass, "", ""},
	{"command: {run: \"echo '{\\\"ports\\\": [80, 443]}'\", stdout: {jq: .ports, contains: [80]}}", runner.Pass, "", ""},
	{"command: {run: \"echo '{\\\"ports\\\": [80, 443]}'\", stdout: {jq: \"[.ports | length]\", contains: 2}}", runner.Pass, "", ""},
	{"command: {run: \"echo '{\\\"names\\\": [\\\"80\\\"]}'\", stdout: {jq: .names, contains: 80}}", runner.Fail, "something containing 80", ""},
	{"command: {run: \"echo '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]'\", stdout: {jq: ., contains: 21}}", runner.Fail, "19, 20]", ""},
	{"command: {run: \"echo '{}'\", timeout: 10ms, stdout: {jq: \"def f: f; f\"}}", runner.Fail, "but it took longer than 1s", "busybox"},
	{"command: {run: \"echo no\", stdout: {jq: .a, equals: 1}}", runner.Fail, "is not JSON", ""},

	{"file: DIR/plain", runner.Pass, "", ""},
	{"file: {path: DIR/plain, exists: false}", runner.Fail, "exists: expected false, is true", ""},
	{"file: {path: DIR/none, exists: false}", runner.Pass, "", ""},
	{"file: {path: DIR/none, mode: \"0644\"}", runner.Fail, "mode: expected 0644, is nothing (it does not exist)", ""},
	{"file: {path: \"DIR/it's a \\\"name\\\"\", size: 1}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, type: file, mode: \"0640\", owner: ME, group: GROUP, size: {lt: 1KiB}}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, type: dir}", runner.Fail, `type: expected "dir", is "file"`, ""},
	{"file: {path: DIR/plain, mode: \"0600\"}", runner.Fail, "mode: expected 0600, is 0640", ""},
	{"file: {path: DIR/locked, mode: \"0000\"}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, owner: nobody}", runner.Fail, `owner: expected "nobody"`, ""},
	{"file: {path: DIR/plain, group: {not: GROUP}}", runner.Fail, "group: expected not", ""},
	{"file: {path: DIR/plain, size: {gt: 1MiB}}", runner.Fail, "size: expected > 1048576, is 12", ""},
	{"file: {path: DIR/plain, content: {regex: \"(?m)^world$\"}}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, content: {contains: [hello, moon]}}", runner.Fail, "moon", ""},
	{"file: {path: DIR/plain, sha256: 4a1e67f2fe1d1cc7b31d0ca2ec441da4778203a036a77da10344c85e24ff0f92}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, sha256: {not: {len: 64}}}", runner.Fail, "sha256", ""},
	{"file: {path: DIR, sha256: x}", runner.CheckError, "it can't be read", ""},
	{"file: {path: DIR/plain, mtime_age: {gt: 2h, lt: 4h}}", runner.Pass, "", ""},
	{"file: {path: DIR/plain, mtime_age: {lt: 1h}}", runner.Fail, "mtime_age: expected < 1h0m0s, is 3h", ""},
	{"file: {path: DIR/future, mtime_age: {ge: 0s}}", runner.Fail, "mtime_age: expected ≥ 0s, is -99", ""},
	{"file: {path: DIR/link, type: link, link: plain, size: 12}", runner.Pass, "", ""},
	{"file: {path: DIR/link, link: other}", runner.Fail, `link: expected "other", is "plain"`, ""},
	{"file: {path: DIR/dangling, type: link, link: nowhere}", runner.Pass, "", ""},
	{"file: {path: DIR/dangling, size: 12}", runner.CheckError, "a link to nothing", ""},
	{"file: {path: DIR/fifo, type: fifo}", runner.Pass, "", ""},
	{"file: {path: DIR/fifo, content: x}", runner.CheckError, "it can't be read", ""},
	{"file: {path: /dev/null, type: device}", runner.Pass, "", ""},

	{"service: {name: hail-none}", runner.Fail, "running: expected true, is false", ""},
	{"service: {name: hail-none, installed: false, running: false, enabled: false, masked: false}", runner.Pass, "", ""},

	{"process: {name: sleep, args: {contains: \"hail-sleeper 3600\"}}", runner.Pass, "", ""},
	{"process: {name: sleep, count: {ge: 1}, user: {contains: ME}}", runner.Pass, "", ""},
	{"process: {name: hail-none, running: false, count: 0}", runner.Pass, "", ""},
	{"process: {name: hail-none}", runner.Fail, "running: expected true, is false", ""},
	{"process: {name: hail-none, user: {contains: root}}", runner.Fail, "user: expected something containing \"root\", is [] (it is not running)", ""},

	{"port: LISTENS", runner.Pass, "", ""},
	{"port: {port: LISTENS, proto: tcp, addresses: [127.0.0.1]}", runner.Pass, "", ""},
	{"port: {port: LISTENS, addresses: {contains: 0.0.0.0}}", runner.Fail, `is ["127.0.0.1"]`, ""},
	{"port: {port: UDP, proto: udp}", runner.Pass, "", ""},
	{"port: {port: CLOSED, listening: false}", runner.Pass, "", ""},
	{"port: CLOSED", runner.Fail, "listening: expected true, is false", ""},
	{"port: {port: LISTENS, proto: tcp4, addresses: [127.0.0.1]}", runner.Pass, "", ""},
	{"port: {port: LISTENS, proto: tcp6}", runner.Fail, "listening: expected true, is false", ""},

	{"package: {name: dpkg, version: {semver: \">=1.0\"}}", runner.Pass, "", "busybox"},
	{"package: {name: hail-none, installed: false}", runner.Pass, "", "busybox"},
	{"package: {name: hail-none, version: {contains: \"1\"}}", runner.Fail, `is nothing (it is not installed)`, "busybox"},
	{"package: {name: dpkg, version: {semver: \"<1.0\"}}", runner.Fail, "version: expected a version <1.0", "busybox"},
	{"package: dpkg", runner.CheckError, "there is neither dpkg nor rpm", "gnu"},

	{"user: {name: ME, exists: true, uid: UID, gid: GID, home: HOME, groups: {contains: GROUP}, shell: {regex: /}}", runner.Pass, "", ""},
	{"user: {name: ME, uid: 4242}", runner.Fail, "uid: expected 4242, is UID", ""},
	{"user: {name: hail-none, exists: false}", runner.Pass, "", ""},
	{"user: hail-none", runner.Fail, "exists: expected true, is false", ""},
	{"user: {name: \"UID\", exists: false}", runner.Pass, "", ""},
	{"user: {name: ro.t, exists: false}", runner.Pass, "", ""},
	{"group: {name: GROUP, gid: GID}", runner.Pass, "", ""},
	{"group: {name: GROUP, gid: 4242}", runner.Fail, "gid: expected 4242, is GID", ""},
	{"group: hail-none", runner.Fail, "exists: expected true, is false", ""},
	{"group: hail none", runner.Fail, "exists: expected true, is false", ""},
	{"user: {name: \"HAIL\\\\none$\", groups: {contains: x}}", runner.Fail, "groups: expected something containing \"x\", is nothing (it does not exist)", ""},
	{"group: {name: \"GID\", exists: false}", runner.Pass, "", ""},

	{"mount: {path: /proc, fstype: proc, options: {contains: rw}, source: proc}", runner.Pass, "", ""},
	{"mount: {path: /proc, fstype: ext4}", runner.Fail, `fstype: expected "ext4", is "proc"`, ""},
	{"mount: {path: /, usage_percent: {le: 100}}", runner.Pass, "", ""},
	{"mount: {path: /, usage_percent: {gt: 100}}", runner.Fail, "usage_percent: expected > 100", ""},
	{"mount: {path: /proc, inodes_percent: {le: 100}}", runner.CheckError, "df does not report it", "busybox"},
	{"mount: /hail-none", runner.Fail, "exists: expected true, is false", ""},
	{"mount: {path: //proc/, fstype: proc}", runner.Pass, "", ""},

	{"kernel_param: {name: kernel.ostype, value: Linux}", runner.Pass, "", ""},
	{"kernel_param: {name: kernel.ostype, value: Minix}", runner.Fail, `value: expected "Minix", is "Linux"`, ""},
	{"kernel_param: {name: kernel.hail_none, value: x}", runner.Fail, "is nothing", ""},
	{"kernel_param: {name: kernel/ostype, value: Linux}", runner.Pass, "", ""},
	{"kernel_param: {name: kernel, value: \"\"}", runner.Fail, "is nothing", ""},
	{"kernel_param: {name: net.ipv4.route.flush, value: \"\"}", runner.CheckError, "route/flush can't be read", ""},

	{"interface: {name: lo, exists: true, up: true, mtu: {gt: 1000}}", runner.Pass, "", ""},
	{"interface: {name: lo, addresses: {contains: 127.0.0.1}}", runner.Pass, "", "gnu"},
	{"interface: {name: lo, networks: {contains: 127.0.0.1/8}}", runner.Pass, "", "gnu"},
	{"interface: {name: lo, mtu: 1}", runner.Fail, "mtu: expected 1", ""},
	{"interface: hail0", runner.Fail, "up: expected true, is false", ""},

	{"tcp: \"127.0.0.1:LISTENS\"", runner.Pass, "", ""},
	{"tcp: \"127.0.0.1:LISTENS\", from: target", runner.Pass, "", ""},
	{"tcp: {address: \"127.0.0.1:CLOSED\", reachable: false}", runner.Pass, "", ""},
	{"tcp: \"127.0.0.1:CLOSED\"", runner.Fail, "connection refused", ""},

	{"http: {url: WEB/health, status: 200, headers: {X-Load: \"7\"}, body: {jq: .ok, equals: true}}", runner.Pass, "", ""},
	{"http: {url: WEB/health, body: {jq: .load, lt: 0.1}}, from: target", runner.Fail, "expected < 0.1 from jq '.load', is 0.5", ""},
	{"http: {url: WEB/moved, status: 302}", runner.Pass, "", ""},
	{"http: {url: WEB/moved, follow: true, status: 200}", runner.Pass, "", ""},
	{"http: {url: WEB/health, method: POST, body: {contains: POST}}", runner.Pass, "", ""},
	{"http: {url: WEB/health, headers: {x-load: \"7\"}}", runner.Pass, "", ""},
	{"http: {url: WEB/zipped, headers: {Content-Encoding: gzip, Content-Length: {len: 2}}, body: zipped}", runner.Pass, "", ""},
	{"http: {url: WEB/health, headers: {X-Twice: \"a, b\"}}", runner.Pass, "", ""},
	{"http: {url: WEB/health, headers: {X-None: \"7\"}}", runner.Fail, `headers.X-None: expected "7", is nothing`, ""},
	{"http: {url: WEB/long, body: x}", runner.CheckError, "larger than 1 MiB", ""},
	{"http: \"http://127.0.0.1:CLOSED/\"", runner.Fail, "connection refused", ""},
	{"http: {url: \"http://127.0.0.1:CLOSED/\", reachable: false}", runner.Pass, "", ""},
	{"http: {url: \"http://127.0.0.1:CLOSED/\", status: {not: 500}}", runner.Fail, "status: expected not 500, is nothing (connection refused)", ""},

	{"tls: {address: \"127.0.0.1:SECURE\", days_left: {ge: 21}, issuer: {contains: hail}, names: {contains: 127.0.0.1}}", runner.Pass, "", ""},
	{"tls: {address: \"127.0.0.1:SECURE\", days_left: {ge: 60}}, from: target", runner.Fail, "days_left: expected ≥ 60, is 29", ""},
	{"tls: {address: \"127.0.0.1:SECURE\", valid: true}", runner.Fail, "signed by unknown authority", ""},
	{"tls: {address: \"127.0.0.1:CLOSED\", reachable: false}", runner.Pass, "", ""},
	{"tls: {address: \"127.0.0.1:MUTUAL\", days_left: {ge: 21}}", runner.Pass, "", ""},
	{"tls: {address: \"127.0.0.1:OLD\", days_left: {ge: 60}}", runner.Fail, "days_left: expected ≥ 60, is 29", ""},
	{"tls: {address: \"127.0.0.1:COPIED1\", days_left: {ge: 21}}", runner.Fail, "invalid signature", ""},
	{"tls: {address: \"127.0.0.1:COPIED2\", days_left: {ge: 21}}", runner.Fail, "invalid signature", ""},
	{"tls: \"127.0.0.1:LISTENS\", timeout: 1s", runner.Fail, "no answer in time", "busybox"},

	{"dns: {name: localhost, addresses: {contains: 127.0.0.1}}", runner.Pass, "", ""},
	{"dns: {name: hail-none.invalid, reachable: false}", runner.Pass, "", ""},
	{"dns: {name: localhost}, from: target", runner.Pass, "", ""},
	{"dns: {name: hail-none.invalid, server: \"127.0.0.1:CLOSED\", addresses: {not: {contains: 10.0.0.1}}}", runner.Fail, "connection refused", ""},
	{"dns: {name: localhost, server: \"127.0.0.1:CLOSED\"}", runner.CheckError, "127.0.0.1:CLOSED was not asked", ""},

	{"clock: {offset: {lt: 2s}}", runner.Pass, "", ""},
	{"clock: {offset: {gt: 1h}}", runner.Fail, "offset: expected > 1h0m0s", ""},
}

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
