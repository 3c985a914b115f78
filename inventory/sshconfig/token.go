package sshconfig

import (
	"cmp"
	"crypto/sha1"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// tokens are what the %-letters of a value stand for, by letter.
type tokens map[byte]string

// tokens are those of a host whose settings are known.
func (e *evaluation) tokens() tokens {
	local := e.c.local
	host, user, port := strings.ToLower(e.hostNow()), e.userNow(), strconv.Itoa(cmp.Or(e.s.Port, 22))
	jump := strings.Join(e.s.ProxyJump, ",")
	short, _, _ := strings.Cut(local.Hostname, ".")
	return tokens{
		'C': fmt.Sprintf("%x", sha1.Sum([]byte(local.Hostname+host+port+user))),
		'd': local.Home,
		'h': host,
		'i': strconv.Itoa(local.UID),
		'j': jump,
		'k': cmp.Or(e.s.HostKeyAlias, e.name),
		'L': short,
		'l': local.Hostname,
		'n': e.name,
		'p': port,
		'r': user,
		'u': local.User,
	}
}

// only returns some of the tokens: not every keyword takes all.
func (t tokens) only(letters string) tokens {
	some := tokens{}
	for _, c := range []byte(letters) {
		some[c] = t[c]
	}
	return some
}

// expand replaces tokens; %% is a percent sign, and any other letter is an error, as for ssh.
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
		value, ok := t[text[i]]
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

var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

// path is expand for the name of a file: ~ is the home folder, and ${NAME} a variable of the environment.
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
	if rest, ok := strings.CutPrefix(text, "~/"); ok {
		text = filepath.Join(e.c.local.Home, rest)
	}
	return text, err
}

func (e *evaluation) paths(list []string, t tokens) (all []string, err error) {
	for _, text := range list {
		p, err := e.path(text, t)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
