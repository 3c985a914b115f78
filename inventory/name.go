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
			return fmt.Errorf("%q is not an IPv6 address in brackets", beginning(name))
		}
		return nil
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is6() {
		return fmt.Errorf("an IPv6 address needs brackets: [%s]", name)
	}
	if bad := checkWord(name); bad != "" {
		return fmt.Errorf("%q is not a host name: %s", beginning(name), bad)
	}
	return nil
}

// bracketed returns an IPv6 address in brackets, as hosts are named, and any other text as it is.
func bracketed(address string) string {
	if name := "[" + address + "]"; CheckName(name) == nil {
		return name
	}
	return address
}

// maxName is the length of the longest host name in DNS.
const maxName = 253

// beginning returns what a message says of a name: all of it, unless it is too long to be one. Where a file is read that
// is no inventory, a name may be the whole file.
func beginning(name string) string {
	const most = 60
	if len(name) <= maxName {
		return name
	}
	return string([]rune(name)[:most]) + "…"
}

// checkWord returns what is wrong with the characters of a name that is no IPv6 address; "" if nothing is.
func checkWord(name string) string { return wrongIn(name, "-.", isNameRune) }

func isNameRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_'
}

// wrongIn returns what is wrong with a name that has to consist of allowed characters, and must not begin with one of
// notFirst; "" if nothing is.
func wrongIn(name, notFirst string, allowed func(rune) bool) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return fmt.Sprintf("it is longer than %d characters", maxName)
	case strings.IndexByte(notFirst, name[0]) >= 0:
		return fmt.Sprintf("it begins with %q", name[:1])
	}
	for _, r := range name {
		if !allowed(r) {
			return fmt.Sprintf("it contains %q", r)
		}
	}
	return ""
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
	allowed := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-:/=+~", r)
	}
	if bad := wrongIn(name, "-.:/", allowed); bad != "" {
		return fmt.Errorf("%q is not a group name: %s", beginning(name), bad)
	}
	return nil
}

// CheckAddress is CheckName for addresses, which need not be names of hosts: an IPv6 address may stand without
// brackets.
func CheckAddress(address string) error {
	if checkWord(address) == "" || CheckName(bracketed(address)) == nil {
		return nil
	}
	return fmt.Errorf("%q is neither a host name nor an IP address", beginning(address))
}

// parsePort reads a port number, in plain digits without leading zeros.
func parsePort(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 || leadingDigits(text) != len(text) || padded(text) {
		return 0, fmt.Errorf("%q is not a port (1 to 65535)", text)
	}
	return n, nil
}

// CheckJump returns an error unless jump is "none", or one or more hops [user@]host[:port] separated by commas. As with
// ssh, ssh:// may stand before a hop.
func CheckJump(jump string) error {
	for hop := range strings.SplitSeq(jump, ",") {
		if e, wrong := parseListWord(strings.TrimPrefix(strings.TrimSpace(hop), "ssh://")); wrong != nil || e.names[0] != e.pattern { // a pattern is not one host
			return fmt.Errorf("%q is not a jump host: [user@]host[:port]", hop)
		}
	}
	return nil
}

// checkBecomeMethod returns an error unless hail can become another user by this method.
func checkBecomeMethod(method string) error {
	if method != Sudo && method != Doas {
		return fmt.Errorf("%q is neither sudo nor doas", method)
	}
	return nil
}
