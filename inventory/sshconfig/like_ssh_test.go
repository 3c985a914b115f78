package sshconfig

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLikeSSH compares our settings of hosts with ssh -G, over a corpus of configurations. Each costs ten processes, so
// topics that do not touch each other share one. ssh refuses those that are called bad-…. An intended difference, which is
// not in the corpus: where a later line names a socket for ForwardAgent, ssh takes that line, although the first one
// should count.
func TestLikeSSH(t *testing.T) {
	local := localSide(t)
	include, err := filepath.Abs("testdata/include")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	paths, err := filepath.Glob("testdata/corpus/*.conf")
	if err != nil || len(paths) < 50 {
		t.Fatalf("there are only %d configurations, %v", len(paths), err)
	}
	if err := os.CopyFS(filepath.Join(dir, "include"), os.DirFS(include)); err != nil {
		t.Fatal(err)
	}
	nested := filepath.Join(dir, "include", "nest.conf")
	for _, path := range append(paths, nested) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, filepath.Base(path))
		if path == nested {
			file = nested
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("INC"), []byte(filepath.Join(dir, "include"))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".conf")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, filepath.Base(path))
			_, unread := Load([]string{file}, nil, local)
			for i, l := range lookups {
				if unread != nil && i == 2 {
					break // ours is the same for every host: the two that were compared show that ssh's is, too
				}
				compareSSH(t, file, local, l)
			}
		})
	}
}

// lookup is what is asked of a configuration.
type lookup struct {
	host string
	Given
}

// lookups begin with a host that most blocks are for, and one that few are for.
var lookups = []lookup{
	{"web1", Given{}}, {"10.0.0.1", Given{}}, {"web2", Given{}}, {"db1", Given{}}, {"a.example.com", Given{}}, {"WEB1", Given{}},
	{"web1", Given{User: "www"}},
	{"db1", Given{User: "me", Port: 2222}},
	{"web1", Given{HostName: "fe80::1%eth0", Options: []string{"HostName=opt.example.com"}}},
	{"web1", Given{Options: []string{"User=opt", "HostName=opt.example.com"}}},
}

// TestEverySetting: each setting has a keyword that is not also among the ignored ones, a configuration in the corpus, a
// comparison with ssh -G, and a place in docs/reaching.md.
func TestEverySetting(t *testing.T) {
	page, err := os.ReadFile("../../docs/reaching.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("testdata/corpus/*.conf")
	corpus := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		corpus += strings.ToLower(string(text))
	}
	var s Settings
	fields := reflect.ValueOf(&s).Elem()
	for _, value := range fields.Fields() {
		switch v := value.Addr().Interface().(type) {
		case *string:
			*v = "x"
		case *[]string:
			*v = []string{"x"}
		}
	}
	compared := shown(s, Local{}, "x")
	for field := range fields.Fields() {
		keyword := strings.ToLower(field.Name)
		if _, known := keywords[keyword]; !known || ignored[keyword] {
			t.Errorf("%s is among the keywords: %v, among the ignored ones: %v", field.Name, known, ignored[keyword])
		}
		if !regexp.MustCompile(`(?m)^\s*"?` + keyword + `["\s=]`).MatchString(corpus) {
			t.Errorf("no configuration in testdata/corpus has %s", field.Name)
		}
		if _, is := compared[keyword]; !is {
			t.Errorf("shown does not have %s: it is not compared with ssh -G", field.Name)
		}
		if !strings.Contains(string(page), "`"+field.Name+"`") {
			t.Errorf("docs/reaching.md does not have %s", field.Name)
		}
	}
}

// compareSSH looks up a host with ssh -G and with this package, and compares the results.
func compareSSH(t *testing.T, file string, local Local, l lookup) {
	t.Helper()
	args := []string{"-G", "-F", file}
	if l.HostName != "" {
		args = append(args, "-o", "HostName="+l.hostName())
	}
	if l.User != "" {
		args = append(args, "-l", l.User)
	}
	if l.Port != 0 {
		args = append(args, "-p", strconv.Itoa(l.Port))
	}
	for _, o := range l.Options {
		args = append(args, "-o", o)
	}
	out, refused := exec.Command("ssh", append(args, l.host)...).Output()
	if _, ok := refused.(*exec.ExitError); refused != nil && !ok {
		t.Fatalf("ssh: %v (make test gets it)", refused)
	}
	config, err := Load([]string{file}, nil, local)
	var s Settings
	if err == nil {
		s, err = config.Lookup(t.Context(), l.host, l.Given)
	}
	if (err != nil) != (refused != nil) {
		t.Errorf("%+v: error %v, from ssh %v", l, err, refused)
	}
	if err != nil || refused != nil {
		return
	}
	theirs := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		theirs[key] = append(theirs[key], value)
	}
	for key, ours := range shown(s, local, l.host) {
		want := expanded(key, theirs[key], s, local, l.host)
		if !reflect.DeepEqual(ours, want) && len(ours)+len(want) > 0 {
			t.Errorf("%+v: %s is %q, in ssh %q", l, key, ours, want)
		}
	}
}

// shown writes settings as ssh -G does, including the defaults that ssh -G prints.
func shown(s Settings, local Local, host string) map[string][]string {
	one := func(value, otherwise string) []string {
		if v := cmp.Or(value, otherwise); v != "" {
			return []string{v}
		}
		return nil
	}
	count := func(n, otherwise int) []string { return []string{strconv.Itoa(cmp.Or(n, otherwise))} }
	m := map[string][]string{
		"hostname":                     {s.HostName},
		"user":                         one(s.User, local.User),
		"port":                         count(s.Port, 22),
		"addressfamily":                one(s.AddressFamily, "any"),
		"bindaddress":                  one(s.BindAddress, ""),
		"certificatefile":              s.CertificateFile,
		"connectionattempts":           count(s.ConnectionAttempts, 1),
		"connecttimeout":               {inSeconds(s.ConnectTimeout, "none")},
		"forwardagent":                 one(s.ForwardAgent, "no"),
		"hostkeyalias":                 one(s.HostKeyAlias, ""),
		"identitiesonly":               {map[bool]string{true: "yes", false: "no"}[s.IdentitiesOnly]},
		"identityagent":                one(s.IdentityAgent, ""),
		"kbdinteractiveauthentication": one(s.KbdInteractiveAuthentication, "yes"),
		"passwordauthentication":       one(s.PasswordAuthentication, "yes"),
		"pubkeyauthentication":         one(map[string]string{"no": "false"}[s.PubkeyAuthentication], "true"),
		"proxycommand":                 one(s.ProxyCommand, ""),
		"proxyjump":                    one(strings.Join(s.ProxyJump, ","), ""),
		"remotecommand":                one(s.RemoteCommand, ""),
		"requesttty":                   one(map[string]string{"yes": "true", "no": "false"}[s.RequestTTY], cmp.Or(s.RequestTTY, "auto")),
		"sendenv":                      s.SendEnv,
		"serveralivecountmax":          count(s.ServerAliveCountMax, 3),
		"serveraliveinterval":          {inSeconds(s.ServerAliveInterval, "0")},
		"setenv":                       s.SetEnv,
		"stricthostkeychecking":        one(map[string]string{"yes": "true", "no": "false"}[s.StrictHostKeyChecking], cmp.Or(s.StrictHostKeyChecking, "ask")),
	}
	if len(s.IdentityFile) > 0 { // otherwise ssh prints its defaults, which Settings does not have
		m["identityfile"] = s.IdentityFile
	}
	for key, list := range map[string][]string{"userknownhostsfile": s.UserKnownHostsFile, "globalknownhostsfile": s.GlobalKnownHostsFile} {
		if len(list) > 0 {
			m[key] = []string{strings.Join(list, " ")}
		}
	}
	for key, text := range map[string]string{"ciphers": s.Ciphers, "macs": s.MACs, "kexalgorithms": s.KexAlgorithms, "hostkeyalgorithms": s.HostKeyAlgorithms, "pubkeyacceptedalgorithms": s.PubkeyAcceptedAlgorithms, "preferredauthentications": s.PreferredAuthentications} {
		if text != "" {
			m[key] = []string{text}
		}
	}
	return m
}

func inSeconds(d time.Duration, zero string) string {
	if d == 0 {
		return zero
	}
	return strconv.Itoa(int(d / time.Second))
}

// expanded does what ssh -G leaves undone: it replaces tokens and ~ in file names and commands.
func expanded(key string, values []string, s Settings, local Local, host string) []string {
	if key == "hostname" || key == "remotecommand" {
		return values
	}
	replace := strings.NewReplacer("~/", local.Home+"/", "%%", "%", "%h", s.HostName, "%n", host, "%p", strconv.Itoa(cmp.Or(s.Port, 22)), "%r", cmp.Or(s.User, local.User), "%u", local.User, "%d", local.Home)
	values = slices.Clone(values)
	for i, v := range values {
		values[i] = replace.Replace(v)
	}
	return values
}
