package sshconfig

import (
	"cmp"
	"crypto/sha1"
	"fmt"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// tokens returns what a %-letter in a value stands for, and whether it has a meaning there. It computes a token only
// when asked, since most values have none.
type tokens func(letter byte) (value string, ok bool)

// tokens returns the tokens for a host whose settings are known.
func (e *evaluation) tokens() tokens {
	local := e.c.local
	host := func() string { return strings.ToLower(e.hostNow()) }
	port := func() string { return strconv.Itoa(cmp.Or(e.s.Port, 22)) }
	return func(letter byte) (string, bool) {
		switch letter {
		case 'C':
			return fmt.Sprintf("%x", sha1.Sum([]byte(local.Hostname+host()+port()+e.userNow()))), true
		case 'd':
			return local.Home, true
		case 'h':
			return host(), true
		case 'i':
			return strconv.Itoa(local.UID), true
		case 'j':
			return strings.Join(e.s.ProxyJump, ","), true
		case 'k':
			return cmp.Or(e.s.HostKeyAlias, e.name), true
		case 'L':
			short, _, _ := strings.Cut(local.Hostname, ".")
			return short, true
		case 'l':
			return local.Hostname, true
		case 'n':
			return e.name, true
		case 'p':
			return port(), true
		case 'r':
			return e.userNow(), true
		case 'u':
			return local.User, true
		}
		return "", false
	}
}

// givenName is the only token that HostName itself takes: %h, what the user calls the host.
func (e *evaluation) givenName(letter byte) (string, bool) { return e.name, letter == 'h' }

// only restricts t to some letters: not every keyword takes all tokens.
func (t tokens) only(letters string) tokens {
	return func(letter byte) (string, bool) {
		if strings.IndexByte(letters, letter) < 0 {
			return "", false
		}
		return t(letter)
	}
}

// expand replaces the tokens in text. %% is a percent sign, and any letter without a meaning is an error, as for ssh.
func (e *evaluation) expand(text string, t tokens) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			return "", fmt.Errorf("%q ends with a %%", text)
		}
		value, ok := t(text[i])
		switch {
		case text[i] == '%':
			value = "%"
		case !ok:
			return "", fmt.Errorf("%q: %%%c has no meaning here", text, text[i])
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// command is expand for a line that a shell runs. It refuses a name with the syntax of a shell: an inventory may set the
// user and the host, too.
func (e *evaluation) command(text string, t tokens) (string, error) {
	var bad string
	line, err := e.expand(text, func(letter byte) (string, bool) {
		value, ok := t(letter)
		if strings.IndexByte("hjknr", letter) >= 0 && (strings.HasPrefix(value, "-") || strings.ContainsAny(value, "'`\";&<>|(){}$\n\r")) {
			bad = fmt.Sprintf("%%%c is %q", letter, value)
		}
		return value, ok
	})
	if err == nil && bad != "" {
		err = fmt.Errorf("%s, which a shell would not take as a name", bad)
	}
	return line, err
}

var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

// path is expand for a file name: it may begin with ~/ or ~NAME/ for a home folder, and ${NAME} is an environment
// variable, which must not be empty.
func (e *evaluation) path(text string, t tokens) (string, error) {
	var missing error
	text = variable.ReplaceAllStringFunc(text, func(v string) string {
		name := v[2 : len(v)-1]
		value := ""
		if e.c.local.Getenv != nil {
			value = e.c.local.Getenv(name)
		}
		if value == "" {
			missing = fmt.Errorf("%s is not set in the environment", name)
		}
		return value
	})
	if missing != nil {
		return "", missing
	}
	text, err := e.expand(text, t)
	if err != nil {
		return "", err
	}
	return e.c.local.InHome(text)
}

// InHome replaces ~ at the beginning of a file name by the home folder, and ~NAME by that of NAME. It is an error if there
// is no such user.
func (l Local) InHome(path string) (string, error) {
	if !strings.HasPrefix(path, "~") {
		return path, nil
	}
	name, rest, _ := strings.Cut(path[1:], "/")
	home := l.Home
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			return "", fmt.Errorf("%q: there is no user %s", path, name)
		}
		home = u.HomeDir
	}
	if home == "" {
		return "", fmt.Errorf("%q: there is no home folder", path)
	}
	return filepath.Join(home, rest), nil
}
