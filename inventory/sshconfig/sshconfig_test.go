package sshconfig_test

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"hail/inventory/sshconfig"
)

const config = `
# comments, and keywords in any case
Host web1
	HostName web1.example.com
	user www
	Port 2222
	IdentityFile ~/.ssh/web_%h
	IdentityFile /keys/second

Host db*
  HostName %h.internal
  ProxyJump bastion,inner
  IdentitiesOnly=yes

Host bastion
  HostName 203.0.113.10
  ProxyJump none

Host *.strict strict
  StrictHostKeyChecking accept-new
  HostKeyAlias alias.example.com
  UserKnownHostsFile /known/one /known/two

Host *
  User deploy
  ConnectTimeout 7
`

// TestLikeSSH compares what is said of hosts with the ssh that is installed.
func TestLikeSSH(t *testing.T) {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := sshconfig.Load([]string{file}, sshconfig.Local{Home: me.HomeDir, User: me.Username})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"web1", "web2", "db1", "db77", "bastion", "a.strict", "strict", "192.0.2.1"} {
		t.Run(host, func(t *testing.T) {
			out, err := exec.Command("ssh", "-G", "-F", file, host).CombinedOutput()
			if err != nil {
				t.Fatalf("ssh -G: %v\n%s", err, out)
			}
			said := map[string][]string{}
			for line := range strings.Lines(string(out)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
				said[key] = append(said[key], value)
			}
			s, err := c.Lookup(host, "")
			if err != nil {
				t.Fatal(err)
			}
			port := "22"
			if s.Port != 0 {
				port = strconv.Itoa(s.Port)
			}
			policy := s.StrictHostKeyChecking
			if policy == "" {
				policy = "ask"
			}
			check := func(key string, ours ...string) {
				var theirs []string
				for _, v := range said[key] { // ssh -G leaves ~ and tokens in file names as they are
					theirs = append(theirs, strings.NewReplacer("~", me.HomeDir, "%h", s.HostName).Replace(v))
				}
				if !reflect.DeepEqual(ours, theirs) {
					t.Errorf("%s is %q, and for ssh %q", key, ours, theirs)
				}
			}
			check("hostname", s.HostName)
			check("user", s.User)
			check("port", port)
			check("connecttimeout", strconv.Itoa(int(s.ConnectTimeout/time.Second)))
			check("stricthostkeychecking", map[string]string{"accept-new": "accept-new", "ask": "ask"}[policy])
			if s.IdentityFile != nil {
				check("identityfile", s.IdentityFile...)
			}
			if s.ProxyJump != nil || said["proxyjump"] != nil {
				check("proxyjump", strings.Join(s.ProxyJump, ","))
			}
			if s.HostKeyAlias != "" || said["hostkeyalias"] != nil {
				check("hostkeyalias", s.HostKeyAlias)
			}
			if s.UserKnownHostsFile != nil {
				check("userknownhostsfile", strings.Join(s.UserKnownHostsFile, " "))
			}
			check("identitiesonly", map[bool]string{true: "yes", false: "no"}[s.IdentitiesOnly])
		})
	}
}

func TestLookupErrors(t *testing.T) {
	for text, want := range map[string]string{
		"ProxyCommand nc %h %p":         "sets ProxyCommand for web1, which is not supported",
		"ProxyCommand none":             "",
		"CertificateFile ~/.ssh/x-cert": "sets CertificateFile for web1, which is not supported",
		"AddressFamily any":             "",
		"Port 0":                        `sets Port "0" for web1: not a port`,
		"Port 65536":                    "not a port",
		"ConnectTimeout soon":           "not a number of seconds",
		"ConnectTimeout none":           "",
	} {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte("Host web1\n  "+text+"\nHost other\n  ProxyCommand x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := sshconfig.Load([]string{file, filepath.Join(t.TempDir(), "none")}, sshconfig.Local{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Lookup("web1", ""); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	var none *sshconfig.Config
	if s, err := none.Lookup("web1", "www"); err != nil || s.HostName != "web1" || s.User != "www" {
		t.Errorf("no ssh_config: %+v, %v", s, err)
	}
}
