package sshconfig

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keyword is how a keyword of ssh_config is read.
type keyword struct {
	set  func(e *evaluation, d directive) error
	list bool // takes several words
	adds bool // each line adds to the ones before; otherwise the first line counts
	raw  bool // takes the rest of the line as it stands
	idle bool // read, but without effect here
}

// keywords are those that decide which host is reached, as whom, and how.
var keywords = map[string]keyword{
	"addressfamily":                {set: word(func(s *Settings) *string { return &s.AddressFamily }, "any", "inet", "inet6")},
	"bindaddress":                  {set: word(func(s *Settings) *string { return &s.BindAddress })},
	"certificatefile":              {set: add(func(s *Settings) *[]string { return &s.CertificateFile }), adds: true},
	"ciphers":                      {set: word(func(s *Settings) *string { return &s.Ciphers })},
	"connectionattempts":           {set: number(func(s *Settings) *int { return &s.ConnectionAttempts })},
	"connecttimeout":               {set: span(func(s *Settings) *time.Duration { return &s.ConnectTimeout })},
	"forwardagent":                 {set: forwardAgent},
	"globalknownhostsfile":         {set: all(func(s *Settings) *[]string { return &s.GlobalKnownHostsFile }), list: true},
	"hostkeyalgorithms":            {set: word(func(s *Settings) *string { return &s.HostKeyAlgorithms })},
	"hostkeyalias":                 {set: word(func(s *Settings) *string { return &s.HostKeyAlias })},
	"hostname":                     {set: word(func(s *Settings) *string { return &s.HostName })},
	"identitiesonly":               {set: yesOrNo(func(s *Settings) *bool { return &s.IdentitiesOnly })},
	"identityagent":                {set: word(func(s *Settings) *string { return &s.IdentityAgent })},
	"identityfile":                 {set: add(func(s *Settings) *[]string { return &s.IdentityFile }), adds: true},
	"kbdinteractiveauthentication": {set: allowed(func(s *Settings) *string { return &s.KbdInteractiveAuthentication })},
	"kexalgorithms":                {set: word(func(s *Settings) *string { return &s.KexAlgorithms })},
	"macs":                         {set: word(func(s *Settings) *string { return &s.MACs })},
	"passwordauthentication":       {set: allowed(func(s *Settings) *string { return &s.PasswordAuthentication })},
	"port":                         {set: port},
	"preferredauthentications":     {set: word(func(s *Settings) *string { return &s.PreferredAuthentications })},
	"proxycommand":                 {set: proxyCommand, raw: true},
	"proxyjump":                    {set: proxyJump},
	"pubkeyacceptedalgorithms":     {set: word(func(s *Settings) *string { return &s.PubkeyAcceptedAlgorithms })},
	"pubkeyauthentication":         {set: allowed(func(s *Settings) *string { return &s.PubkeyAuthentication }, "unbound", "host-bound")},
	"remotecommand":                {set: func(e *evaluation, d directive) error { e.s.RemoteCommand = d.rest; return nil }, raw: true, idle: true},
	"requesttty":                   {set: word(func(s *Settings) *string { return &s.RequestTTY }, "yes", "true", "no", "false", "force", "auto"), idle: true},
	"sendenv":                      {set: sendEnv, list: true, adds: true},
	"serveralivecountmax":          {set: number(func(s *Settings) *int { return &s.ServerAliveCountMax })},
	"serveraliveinterval":          {set: span(func(s *Settings) *time.Duration { return &s.ServerAliveInterval })},
	"setenv":                       {set: setEnv, list: true},
	"stricthostkeychecking":        {set: strictHostKeys},
	"user":                         {set: word(func(s *Settings) *string { return &s.User })},
	"userknownhostsfile":           {set: all(func(s *Settings) *[]string { return &s.UserKnownHostsFile }), list: true},

	// These also decide which host is reached, or how, but are not implemented. Only a value without effect is accepted.
	"bindinterface":        {set: only()},
	"canonicalizehostname": {set: only("no", "false", "none")},
	"knownhostscommand":    {set: only("none"), raw: true},
	"pkcs11provider":       {set: only("none")},
	"proxyusefdpass":       {set: only("no", "false")},
	"revokedhostkeys":      {set: only("none")},
	"securitykeyprovider":  {set: only("internal", "none")},
	"verifyhostkeydns":     {set: only("no", "false", "ask")},
}

// newName returns the name of a keyword in lower case, and the one that ssh has given it since, so that of both the
// first line counts.
func newName(keyword string) string {
	keyword = strings.ToLower(keyword)
	switch keyword {
	case "pubkeyacceptedkeytypes":
		return "pubkeyacceptedalgorithms"
	case "challengeresponseauthentication", "skeyauthentication", "tisauthentication":
		return "kbdinteractiveauthentication"
	}
	return keyword
}

// ignored are the other keywords that ssh knows: they do not affect a fan-out, or affect only what it never does.
var ignored = func() map[string]bool {
	m := map[string]bool{}
	for k := range strings.FieldsSeq(`addkeystoagent afstokenpassing batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
		canonicalizepermittedcnames casignaturealgorithms channeltimeout checkhostip cipher clearallforwardings
		compression compressionlevel controlmaster controlpath controlpersist dsaauthentication dynamicforward enableescapecommandline
		enablesshkeysign escapechar exitonforwardfailure fallbacktorsh fingerprinthash forkafterauthentication forwardx11 forwardx11timeout
		forwardx11trusted gatewayports globalknownhostsfile2 gssapiauthentication gssapidelegatecredentials gssapikeyexchange gssapiclientidentity
		gssapikexalgorithms gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns hashknownhosts hostbasedacceptedalgorithms
		hostbasedauthentication hostbasedkeytypes ignoreunknown ipqos kbdinteractivedevices keepalive
		kerberosauthentication kerberostgtpassing localcommand localforward loglevel logverbose mac nohostauthenticationforlocalhost
		numberofpasswordprompts obscurekeystroketiming permitlocalcommand permitremoteopen protocol
		refuseconnection rekeylimit remoteforward requiredrsasize rhostsauthentication rhostsrsaauthentication rsaauthentication sessiontype
		smartcarddevice stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tag tcpkeepalive
		tunnel tunneldevice updatehostkeys useblacklistedkeys useprivilegedport useroaming userknownhostsfile2 usersh
		versionaddendum visualhostkey warnweakcrypto xauthlocation`) {
		m[k] = true
	}
	return m
}()

func word(field func(*Settings) *string, allowed ...string) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		value := d.args[0]
		if len(allowed) > 0 {
			if value = strings.ToLower(value); !slices.Contains(allowed, value) {
				return d.fail(fmt.Sprintf("%s: %q is none of %s", d.keyword, d.args[0], strings.Join(allowed, ", ")))
			}
		}
		*field(&e.s) = value
		return nil
	}
}

func all(field func(*Settings) *[]string) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		*field(&e.s) = d.args
		return nil
	}
}

func add(field func(*Settings) *[]string) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		if list := field(&e.s); !slices.Contains(*list, d.args[0]) {
			*list = append(*list, d.args[0])
		}
		return nil
	}
}

func number(field func(*Settings) *int) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		n, err := strconv.Atoi(d.args[0])
		if err != nil || n < 0 {
			return d.fail(fmt.Sprintf("%s: %q is not a number", d.keyword, d.args[0]))
		}
		*field(&e.s) = n
		return nil
	}
}

func port(e *evaluation, d directive) error {
	n, err := strconv.Atoi(d.args[0])
	if err != nil || n < 1 || n > 65535 {
		return d.fail(fmt.Sprintf("port: %q is not a port", d.args[0]))
	}
	e.s.Port = n
	return nil
}

func isYes(text string) (yes, ok bool) {
	text = strings.ToLower(text)
	return text == "yes" || text == "true", slices.Contains([]string{"yes", "true", "no", "false"}, text)
}

func yesOrNo(field func(*Settings) *bool) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		yes, ok := isYes(d.args[0])
		if !ok {
			return d.fail(fmt.Sprintf("%s: %q is neither yes nor no", d.keyword, d.args[0]))
		}
		*field(&e.s) = yes
		return nil
	}
}

// allowed takes yes or no, or one of other words, which mean yes, too.
func allowed(field func(*Settings) *string, also ...string) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		yes, ok := isYes(d.args[0])
		switch {
		case ok && !yes:
			*field(&e.s) = "no"
		case !ok && !slices.Contains(also, strings.ToLower(d.args[0])):
			return d.fail(fmt.Sprintf("%s: %q is neither yes nor no", d.keyword, d.args[0]))
		}
		return nil
	}
}

// forwardAgent takes yes, no, the path of a socket, or $NAME for the variable that holds the path.
func forwardAgent(e *evaluation, d directive) error {
	switch yes, ok := isYes(d.args[0]); {
	case !ok:
		e.s.ForwardAgent = d.args[0]
	case yes:
		e.s.ForwardAgent = "yes"
	default:
		e.s.ForwardAgent = "no"
	}
	return nil
}

// strictHostKeys reduces words of the same meaning to one.
func strictHostKeys(e *evaluation, d directive) error {
	switch word := strings.ToLower(d.args[0]); word {
	case "yes", "true":
		e.s.StrictHostKeyChecking = "yes"
	case "no", "false", "off":
		e.s.StrictHostKeyChecking = "no"
	case "ask", "accept-new":
		e.s.StrictHostKeyChecking = word
	default:
		return d.fail(fmt.Sprintf("stricthostkeychecking: %q is none of yes, no, ask, accept-new", d.args[0]))
	}
	return nil
}

// span takes a time as ssh does: seconds, or numbers followed by s, m, h, d or w. After none, a later line still
// counts.
func span(field func(*Settings) *time.Duration) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		if d.args[0] == "none" {
			delete(e.decided, d.keyword)
			return nil
		}
		total, ok := seconds(d.args[0])
		if !ok {
			return d.fail(fmt.Sprintf("%s: %q is not a time", d.keyword, d.args[0]))
		}
		*field(&e.s) = total
		return nil
	}
}

func seconds(text string) (total time.Duration, ok bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	for text = strings.ToLower(text); text != ""; ok = true {
		n := 0
		for n < len(text) && '0' <= text[n] && text[n] <= '9' {
			n++
		}
		count, err := strconv.Atoi(text[:n])
		unit := time.Second
		if n < len(text) {
			unit = units[text[n]]
			n++
		}
		if err != nil || unit == 0 || count > 1<<30 {
			return 0, false
		}
		total += time.Duration(count) * unit
		text = text[n:]
	}
	return total, ok && total >= 0
}

// proxyCommand and proxyJump exclude each other: the first one counts. A ProxyJump of none excludes other ProxyJumps only.
func proxyCommand(e *evaluation, d directive) error {
	e.decided["proxyjump"] = true
	if e.s.ProxyCommand = d.rest; strings.EqualFold(d.rest, "none") {
		e.s.ProxyCommand = ""
	}
	return nil
}

func proxyJump(e *evaluation, d directive) error {
	e.s.ProxyJump = nil
	if strings.EqualFold(d.args[0], "none") {
		return nil
	}
	e.decided["proxycommand"] = true
	e.s.ProxyJump = strings.Split(d.args[0], ",")
	if slices.Contains(e.s.ProxyJump, "") {
		return d.fail(fmt.Sprintf("proxyjump: %q has an empty hop", d.args[0]))
	}
	return nil
}

// sendEnv adds patterns; -PATTERN removes earlier ones.
func sendEnv(e *evaluation, d directive) error {
	for _, a := range d.args {
		if out, ok := strings.CutPrefix(a, "-"); ok {
			p := newPattern(out)
			e.s.SendEnv = slices.DeleteFunc(slices.Clone(e.s.SendEnv), p.matches)
		} else if strings.Contains(a, "=") {
			return d.fail(fmt.Sprintf("sendenv: %q is not the name of a variable", a))
		} else {
			e.s.SendEnv = append(e.s.SendEnv, a)
		}
	}
	return nil
}

// setEnv takes the first value of each variable.
func setEnv(e *evaluation, d directive) error {
	e.s.SetEnv = nil
	for _, a := range d.args {
		name, _, ok := strings.Cut(a, "=")
		if !ok {
			return d.fail(fmt.Sprintf("setenv: %q is not NAME=VALUE", a))
		}
		if !slices.ContainsFunc(e.s.SetEnv, func(before string) bool { return strings.HasPrefix(before, name+"=") }) {
			e.s.SetEnv = append(e.s.SetEnv, a)
		}
	}
	return nil
}

// only accepts the values that have no effect. Any other is an error as soon as it applies to a host.
func only(harmless ...string) func(*evaluation, directive) error {
	return func(e *evaluation, d directive) error {
		if e.name == "" || slices.Contains(harmless, strings.ToLower(strings.Join(d.args, " "))) { // no name: it is only being loaded
			return nil
		}
		return d.fail(fmt.Sprintf("%s %s is not supported: ssh would reach %s in another way", d.keyword, d.rest, e.name))
	}
}
