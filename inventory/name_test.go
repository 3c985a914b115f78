package inventory

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	good := []string{"web1", "WEB", "a_b", "web-01.example.com", "1", "10.0.0.1", "[::1]", "[fe80::1%eth0]", "[::ffff:10.0.0.1]", strings.Repeat("a", 253)}
	bad := []string{"", "-web", "-", ".", "..", ".ssh", "a b", "a/b", "a;b", "$(x)", "`x`", "a\n", "a\x00", "wéb", "a@b", "a:22",
		"::1", "[::1", "::1]", "[]", "[10.0.0.1]", "[::1%]", "[::1%a b]", "[::1%$x]", "[::1%-x]", "[web]", "\xff", strings.Repeat("a", 254)}
	for _, name := range good {
		if err := CheckName(name); err != nil {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
	}
	for _, name := range bad {
		if CheckName(name) == nil {
			t.Errorf("CheckName(%q) takes it", name)
		}
	}
}

func TestCheckUser(t *testing.T) {
	good := []string{"root", "deploy", "CORP\\anna", "anna@corp.example", "anna smith", "user-1", "jürgen", "x%h"}
	bad := []string{"", "-root", "-oProxyCommand=x", "a -oX", "a;b", "a$b", "a`b", "a'b", `a"b`, "a|b", "a&b", "(a)", "{a}", "<a>",
		"a\n", "a\x00", "a\x1b[0m", "a\u202eb", "a\u0085", `a\`, "\xff"}
	for _, user := range good {
		if err := CheckUser(user); err != nil {
			t.Errorf("CheckUser(%q) = %v", user, err)
		}
	}
	for _, user := range bad {
		if CheckUser(user) == nil {
			t.Errorf("CheckUser(%q) takes it", user)
		}
	}
}

func TestCheckJump(t *testing.T) {
	for _, jump := range []string{"none", "bastion1", "ops@bastion1:2222", "ssh://ops@bastion1:2222", "a,b@c:1", "a, b", "[::1]:22"} {
		if err := CheckJump(jump); err != nil {
			t.Errorf("CheckJump(%q) = %v", jump, err)
		}
	}
	for _, jump := range []string{"", "a,,b", "-oProxyCommand=x", "a:0", "a:022", "a:+22", "a:65536", "-x@a", "web[1-3]", "b[1]", "b1@b[1]:22", "a;b"} {
		if CheckJump(jump) == nil {
			t.Errorf("CheckJump(%q) takes it", jump)
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	want := strings.Fields("10.0.0.2 10.0.0.10 a a1 a01 a001 a2 a9 a10 a10b a11 b web1.x web1.y web2.x")
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareNatural)
	if !slices.Equal(got, want) {
		t.Errorf("order is %v, want %v", got, want)
	}
}

func TestNearest(t *testing.T) {
	words := []string{"port", "user", "address", "identity", "connect_timeout"}
	for word, want := range map[string]string{"prot": "port", "usr": "user", "User": "user", "adress": "address", "conect_timeuot": "connect_timeout",
		"web": "", "": "", "x": "", strings.Repeat("connect_timeout", 1000): ""} {
		if got := Nearest(word, words); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
}
