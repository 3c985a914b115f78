package inventory

import (
	"fmt"
	"strings"
)

// sshVars are the vars of Ansible with arguments for ssh, in the order in which ssh gets them.
var sshVars = []string{"ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"}

// without returns c without what arguments for ssh set.
func (c Connection) without(args Connection) Connection {
	c.Options = withoutOptions(c.Options, args.Options)
	if isRouted(args) {
		c.Jump, c.Options = "", withoutOptions(c.Options, map[string]string{"ProxyCommand": ""})
	}
	if args.KnownHosts != nil {
		c.KnownHosts = nil
	}
	return c
}

// isRouted reports whether arguments for ssh say by what way to reach a host.
func isRouted(args Connection) bool { return args.Jump != "" || args.Options["ProxyCommand"] != "" }

// sshOptions are the keywords of arguments that are short for an option.
var sshOptions = map[byte]string{'p': "Port=", 'l': "User=", 'i': "IdentityFile=", '4': "AddressFamily=inet", '6': "AddressFamily=inet6"}

// sshArguments reads arguments for ssh, and takes jump hosts and options from them. As for ssh, the first of several
// values counts.
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
		switch option := sshOptions[word[1]]; {
		case option != "":
			s.option(option + value)
		case word[1] == 'o':
			s.option(value)
		case word[1] == 'J':
			s.jump(value)
		case word[1] == 'F' && value != "~/.ssh/config":
			s.remark("ssh_config", s.v.name+" asks for the ssh_config "+value+", and hail reads the same one for all hosts", "give it with -F")
		case word[1] != 'C' && word[1] != 'q':
			s.remark("", s.v.name+": "+word+" is left out", "")
		}
	}
}

func (s ansibleSetting) jump(value string) {
	if err := CheckJump(value); err != nil {
		s.fail(err.Error())
	}
	if !isRouted(*s.v.arguments) {
		s.v.arguments.Jump = value
	}
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
			if s.v.arguments.KnownHosts == nil {
				s.v.arguments.KnownHosts = strings.Fields(value)
			}
			return
		}
		s.unverified(key+"="+value, "use --host-keys off to stop verifying them")
	case "stricthostkeychecking":
		switch strings.ToLower(value) {
		case "yes", "true", "ask":
			s.keyword(key, value)
		case "accept-new":
			s.unverified(key+"="+value, "use --host-keys accept-new to record new ones")
		default:
			s.unverified(key+"="+value, "use --host-keys off to stop verifying them")
		}
	case "proxyjump":
		s.jump(value)
	case "proxycommand":
		if hop := hopOf(value); hop != "" {
			s.jump(hop)
			return
		}
		if isRouted(*s.v.arguments) {
			return
		}
		s.keyword("ProxyCommand", value)
	default:
		s.keyword(key, value)
	}
}

func (s ansibleSetting) keyword(key, value string) {
	s.v.arguments.Options = mergedOptions(map[string]string{key: value}, s.v.arguments.Options)
}

func (s ansibleSetting) unverified(option, hint string) {
	s.remark("", s.v.name+": "+option+" is left out: host keys stay verified", hint)
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
