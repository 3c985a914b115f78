package inventory

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckName returns an error that says what is wrong with the name of a host, or nil. A name consists of ASCII
// letters, digits, ".", "-" and "_", and does not begin with "-" or "."; or it is an IPv6 address in brackets,
// possibly with a zone. So no name can be taken for an option, a path or shell code.
func CheckName(name string) error {
	if inner, ok := strings.CutPrefix(name, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if a, err := netip.ParseAddr(inner); !closed || err != nil || !a.Is6() || a.Zone() != "" && checkWord(a.Zone()) != "" {
			return fmt.Errorf("%q is not an IPv6 address in brackets", name)
		}
		return nil
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is6() {
		return fmt.Errorf("an IPv6 address needs brackets: [%s]", name)
	}
	if bad := checkWord(name); bad != "" {
		return fmt.Errorf("%q is not a host name: %s", name, bad)
	}
	return nil
}

// maxName is the length of the longest host name in DNS.
const maxName = 253

func checkWord(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return fmt.Sprintf("it is longer than %d characters", maxName)
	case name[0] == '-' || name[0] == '.':
		return fmt.Sprintf("it begins with %q", name[:1])
	}
	for _, r := range name {
		if !nameRune(r) {
			return fmt.Sprintf("it contains %q", r)
		}
	}
	return ""
}

func nameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_'
}

// CheckUser returns an error that says what is wrong with a login name, or nil. The rule is that of OpenSSH's client,
// which keeps shell syntax out.
func CheckUser(user string) error {
	switch {
	case user == "":
		return errors.New("the user name is empty")
	case user[0] == '-':
		return fmt.Errorf(`user %q begins with "-"`, user)
	case strings.HasSuffix(user, `\`):
		return fmt.Errorf("user %q ends with a backslash", user)
	case strings.Contains(user, " -"):
		return fmt.Errorf("user %q contains an option", user)
	case !utf8.ValidString(user):
		return fmt.Errorf("user %q is not valid UTF-8", user)
	}
	for _, r := range user {
		if strings.ContainsRune("'`\";&<>|(){}$", r) || !unicode.IsPrint(r) {
			return fmt.Errorf("user %q contains %q, which is not allowed", user, r)
		}
	}
	return nil
}

// checkGroup is CheckName for groups. No machine bears the name of a group, so letters of any script are allowed, and
// the characters that other programs allow in the names of groups, unless they mean something in an expression.
func checkGroup(name string) error {
	bad := ""
	switch {
	case name == "":
		bad = "it is empty"
	case len(name) > maxName:
		bad = fmt.Sprintf("it is longer than %d characters", maxName)
	case strings.ContainsRune("-.:/", rune(name[0])):
		bad = fmt.Sprintf("it begins with %q", name[:1])
	}
	for _, r := range name {
		if bad == "" && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-:/=+~", r) {
			bad = fmt.Sprintf("it contains %q", r)
		}
	}
	if bad != "" {
		return fmt.Errorf("%q is not a group name: %s", name, bad)
	}
	return nil
}

// compareNatural orders names as people do: it compares runs of digits as numbers, and equal numbers by their length.
func compareNatural(a, b string) int {
	for a != "" && b != "" {
		da, db := leadingDigits(a), leadingDigits(b)
		if da > 0 && db > 0 {
			if c := compareNumbers(a[:da], b[:db]); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func compareNumbers(a, b string) int {
	ta, tb := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(ta) != len(tb) {
		return len(ta) - len(tb)
	}
	if c := strings.Compare(ta, tb); c != 0 {
		return c
	}
	return len(a) - len(b)
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// checkAddress is CheckName for addresses, which need not be names of hosts: an IPv6 address may stand without
// brackets.
func checkAddress(address string) error {
	if checkWord(address) == "" || CheckName(address) == nil || CheckName("["+address+"]") == nil {
		return nil
	}
	return fmt.Errorf("%q is neither a host name nor an IP address", address)
}

// parsePort reads a port number, in plain digits without leading zeros.
func parsePort(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 || leadingDigits(text) != len(text) || padded(text) {
		return 0, fmt.Errorf("%q is not a port (1 to 65535)", text)
	}
	return n, nil
}

// checkJump accepts "none", or one or more hops [user@]host[:port] separated by commas.
func checkJump(jump string) error {
	for hop := range strings.SplitSeq(jump, ",") {
		if e, wrong := parseListWord(strings.TrimSpace(hop)); wrong != nil || e.names[0] != e.pattern {
			return fmt.Errorf("%q is not a jump host: [user@]host[:port]", hop)
		}
	}
	return nil
}

// checkBecomeMethod returns an error unless hail can become another user by this method.
func checkBecomeMethod(method string) error {
	if method != "sudo" && method != "doas" {
		return fmt.Errorf("%q is neither sudo nor doas", method)
	}
	return nil
}
