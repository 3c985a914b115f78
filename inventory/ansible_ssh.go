package inventory

import (
	"fmt"
	"strings"
)

// sshArguments reads arguments for ssh, and takes jump hosts and options from them.
func (s ansibleSetting) sshArguments(text string) {
	words, err := shellWords(text)
	if err != nil {
		s.fail(err.Error())
		return
	}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if len(word) < 2 || word[0] != '-' {
			s.fail(fmt.Sprintf("%q is not an ssh option", word))
			return
		}
		value := word[2:]
		if strings.IndexByte("oJFilpbcDEeILmOQRSWw", word[1]) >= 0 && value == "" && i+1 < len(words) {
			i++
			value = words[i]
		}
		switch word[1] {
		case 'o':
			s.option(value)
		case 'J':
			s.jump(value)
		case 'C', 'q':
		default:
			s.remark("", s.name+": "+word+" is left out", "")
		}
	}
}

func (s ansibleSetting) jump(value string) {
	if err := CheckJump(value); err != nil {
		s.fail(err.Error())
	}
	s.said.conn.Jump = value
}

// option reads the value of -o. Options for shared connections, compression and logging are dropped, since hail
// shares connections anyway; host keys stay verified.
func (s ansibleSetting) option(text string) {
	i := strings.IndexAny(text+"=", "= \t")
	key, value := text[:i], strings.TrimLeft(text[i:], "= \t")
	if key == "" || value == "" {
		s.fail(fmt.Sprintf("%q is not an ssh option: -o Key=Value", text))
		return
	}
	switch strings.ToLower(key) {
	case "controlmaster", "controlpersist", "controlpath", "compression", "loglevel":
	case "userknownhostsfile":
		if value != "/dev/null" && value != "none" {
			s.said.conn.KnownHosts = strings.Fields(value)
			return
		}
		fallthrough
	case "stricthostkeychecking":
		s.remark("", s.name+": "+key+"="+value+" is left out: host keys stay verified", "use --host-keys off to stop verifying them")
	case "proxyjump":
		s.jump(value)
	case "proxycommand":
		if hop := hopOf(value); hop != "" {
			s.jump(hop)
			return
		}
		fallthrough
	default:
		s.said.conn.Options = mergedOptions(s.said.conn.Options, map[string]string{key: value})
	}
}

// hopOf returns the jump host of "ssh -W %h:%p user@host", the usual ProxyCommand before ProxyJump existed, or "" for
// any other command.
func hopOf(command string) string {
	words, err := shellWords(command)
	if err != nil || len(words) < 4 || words[0] != "ssh" {
		return ""
	}
	host, user, port, forwards := "", "", "", false
	for i := 1; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-q":
		case w == "-W" && i+1 < len(words) && words[i+1] == "%h:%p":
			forwards = true
			i++
		case w == "-p" && i+1 < len(words):
			port = ":" + words[i+1]
			i++
		case w == "-l" && i+1 < len(words):
			user = words[i+1] + "@"
			i++
		case w != "" && w[0] != '-' && host == "":
			host = w
		default:
			return ""
		}
	}
	if hop := user + host + port; forwards && CheckJump(hop) == nil {
		return hop
	}
	return ""
}
