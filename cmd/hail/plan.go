package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/report"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/become"
	"hail/runner/sshconn"
	"hail/runner/wrap"
)

// newPlan makes the plan of what the options say.
func newPlan(e environment, c *cli.Context, spec runner.Spec, hosts []inventory.Host) (*runner.Plan, error) {
	p := &runner.Plan{
		Run:        report.NewRunID(e.now()),
		Name:       c.String("name"),
		Action:     spec,
		Fanout:     c.Int("fanout"),
		Connecting: c.Int("connecting"),
		PerAddress: c.Int("per-address"),
		SSHConfig:  c.String("ssh-config"),
		SSHOptions: c.StringSlice("option"),
		AllowExec:  c.Bool("allow-exec"),
		AskSSH:     c.Bool("ask-ssh"),
		Control:    c.String("control"),
		TTY:        c.Bool("tty"),
		Bare:       c.Bool("no-wrap"),
	}
	if err := checkName(p.Name); err != nil {
		return nil, err
	}
	if err := setLimits(p, c); err != nil {
		return nil, err
	}
	if err := passwordSources(c, p); err != nil {
		return nil, err
	}
	var err error
	if p.MaxOutput, err = size(c, "max-output"); err != nil {
		return nil, err
	}
	if p.HostKeys, err = oneOf(c, "host-keys", "strict", "accept-new", "off"); err != nil {
		return nil, err
	}
	if p.Bare {
		p.Clocks.Grace = 0 // there is nobody to give it to
	}
	if p.Clocks.Connect == 0 {
		return nil, usage("", "--connect-timeout: a host needs some time to be reached")
	}
	if p.Fanout == 0 {
		p.Fanout = fitFanout(len(hosts), e.openFiles, e.memory)
	}
	if p.Fanout > p.Connecting && !c.IsSet("connecting") {
		p.ConnectingMost = p.Fanout
	}
	if per := p.Per; per != nil && !slices.ContainsFunc(hosts, func(h inventory.Host) bool { return inventory.Attribute(h, per.Var) != "" }) {
		return nil, usage("", "--per: none of the hosts has the var %q", per.Var)
	}
	secret, err := secretVars(c)
	if err != nil {
		return nil, err
	}
	p.Hosts = make([]inventory.Host, len(hosts))
	for i, h := range hosts {
		p.Hosts[i] = h.Redact(secret)
	}
	return p, nil
}

// checkName refuses a name by which the run would never be found.
func checkName(name string) error {
	if name == "last" || strings.HasPrefix(name, "last~") {
		return usage("--name nightly", "--name: %q always means another run", name)
	}
	return nil
}

// Every running host has a connection, up to three files of the record, and something to spare; and its share of memory, of
// which a half is left to others.
const (
	filesPerHost  = 5
	memoryPerHost = 256 << 10
)

// fitFanout is how many hosts run at once when nobody says. A memory of 0 is not known, and counts for nothing.
func fitFanout(hosts, openFiles int, memory int64) int {
	n := min(hosts, 256, (openFiles-50)/filesPerHost)
	if memory > 0 {
		n = int(min(int64(n), memory/2/memoryPerHost))
	}
	return max(1, n)
}

// newDialer stacks what reaches a host: wrap → become → ssh → jump → TCP. The wrapper runs as the other user, so that it can
// end what that one started. The caller closes the sshconn.Dialer, which ends
// everything that is still open.
func newDialer(e environment, p *runner.Plan, inv *inventory.Inventory, passwords passwords, d *display) (runner.Dialer, *sshconn.Dialer, error) {
	local := e.sshLocal(p.AllowExec, p.AskSSH)
	config, err := sshconfig.Load(e.sshConfigFiles(p.SSHConfig), p.SSHOptions, local)
	if err != nil {
		return nil, nil, err
	}
	ssh := sshconn.New(sshconn.Config{
		SSHConfig:      config,
		Local:          local,
		Environ:        e.environ,
		Agent:          e.getenv("SSH_AUTH_SOCK"),
		Password:       passwords.login,
		HostKeys:       p.HostKeys,
		ConnectTimeout: p.Clocks.Connect.Value(),
		Connecting:     p.Connecting,
		ConnectingMost: p.ConnectingMost,
		PerAddress:     p.PerAddress,
		Find:           inv.Host,
		Control:        p.Control,
		Warn:           d.remark,
		Trace:          d.trace(),
	})
	as := become.Dialer{Inner: ssh, Password: passwords.sudo}
	if p.Bare {
		return as, ssh, nil
	}
	return wrap.Dialer{Inner: as}, ssh, nil
}

func connectingText(p *runner.Plan) string {
	if p.ConnectingMost > p.Connecting {
		return fmt.Sprintf("%d (up to %d while that is quick)", p.Connecting, p.ConnectingMost)
	}
	return fmt.Sprint(p.Connecting)
}

// paceText, wavesText, budgetText and retryText say in numbers what the plan comes to; "" where there is nothing to say.
func paceText(p *runner.Plan) string {
	var parts []string
	if p.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%g starts a second", p.Rate))
	}
	if p.Splay > 0 {
		parts = append(parts, fmt.Sprintf("spread over %v", p.Splay))
	}
	if p.Per != nil {
		parts = append(parts, fmt.Sprintf("%d at once for each %s", p.Per.Most, p.Per.Var))
	}
	return strings.Join(parts, "; ")
}

func wavesText(p *runner.Plan) string {
	sizes := p.Waves.Sizes(len(p.Hosts))
	if len(sizes) < 2 {
		return ""
	}
	var parts []string
	for _, size := range sizes[:min(len(sizes), 6)] {
		parts = append(parts, fmt.Sprint(size))
	}
	if len(sizes) > 6 {
		parts = append(parts, fmt.Sprintf("… %d waves", len(sizes)))
	}
	text := strings.Join(parts, ", then ")
	if p.Pause > 0 {
		text += fmt.Sprintf("; a pause of %v between them", p.Pause)
	}
	if p.Gate != "" {
		text += "; asks the gate " + p.Gate
	}
	return text
}

func budgetText(p *runner.Plan) string {
	var parts []string
	say := func(s *runner.Share, what string) {
		if s == nil {
			return
		}
		n, hosts := s.Down(len(p.Hosts)), "hosts have"
		if n == 1 {
			hosts = "host has"
		}
		parts = append(parts, fmt.Sprintf("more than %d %s %s", n, hosts, what))
	}
	say(p.Budget.Fail, "failed")
	say(p.Budget.Unreachable, "not been reached")
	if parts == nil {
		return ""
	}
	text := "stops when " + strings.Join(parts, ", or ")
	if p.Budget.Cancel {
		text += ", and ends what runs"
	}
	return text
}

func retryText(p *runner.Plan) string {
	var parts []string
	if n := p.Retry.Unreachable; n > 0 {
		parts = append(parts, fmt.Sprintf("up to %d times when not reached for a reason that may pass", n))
	}
	if n := p.Retry.Failed; n > 0 {
		parts = append(parts, fmt.Sprintf("up to %d times after failed or timeout", n))
	}
	return strings.Join(parts, "; ")
}

// foldRows is a row for each text that hosts have, with those hosts, in the order in which they come up. An empty text is none.
func foldRows(label string, hosts, texts []string) (rows [][2]string) {
	of := map[string][]string{}
	for i, text := range texts {
		of[text] = append(of[text], hosts[i])
	}
	for _, text := range texts {
		if of[text] != nil && text != "" {
			rows = append(rows, [2]string{label, inventory.Fold(of[text]) + ": " + text})
			delete(of, text)
		}
	}
	return rows
}

// usersText says for each host as which other user its commands run.
func usersText(hosts []inventory.Host) []string {
	texts := make([]string, len(hosts))
	for i, h := range hosts {
		if c := h.Connection; c.Become != nil && *c.Become {
			texts[i] = fmt.Sprintf("%s, by %s", cmp.Or(c.BecomeUser, "root"), cmp.Or(c.BecomeMethod, become.Sudo))
		}
	}
	return texts
}

// showPlan writes the plan for people; lines are the command lines of the hosts.
func showPlan(e environment, p *runner.Plan, what string, lines []string, settings []setting) error {
	limit := func(d inventory.Duration) string {
		if d == 0 {
			return "none"
		}
		return d.String()
	}
	wrapped := "ended when its time is up, then killed after " + p.Clocks.Grace.String()
	if p.Bare {
		wrapped = "sent bare: nothing ends it on the host"
	}
	rows := [][2]string{
		{"what", what},
		{"hosts", fmt.Sprintf("%s (%d)", inventory.Fold(inventory.Names(p.Hosts)), len(p.Hosts))},
		{"fan-out", fmt.Sprintf("%d at once, %s logging in, %d at one address", p.Fanout, connectingText(p), p.PerAddress)},
		{"limits", fmt.Sprintf("connecting %v, command %s, run %s", p.Clocks.Connect, limit(p.Clocks.Attempt), limit(p.Clocks.Run))},
		{"pace", paceText(p)},
		{"waves", wavesText(p)},
		{"budget", budgetText(p)},
		{"again", retryText(p)},
		{"command", wrapped},
	}
	rows = slices.DeleteFunc(rows, func(r [2]string) bool { return r[0] == "command" && p.Action.Kind == action.KindPing || r[1] == "" })
	if slices.ContainsFunc(lines, func(line string) bool { return line != what }) {
		rows = append(rows, foldRows("remote", inventory.Names(p.Hosts), lines)...)
	}
	rows = append(rows, foldRows("as", inventory.Names(p.Hosts), usersText(p.Hosts))...)
	for _, s := range settings {
		rows = append(rows, [2]string{"setting", s.String()})
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-8s %s\n", r[0], r[1])
	}
	b.WriteString("dry run: nothing was done\n")
	_, err := e.stdout.Write([]byte(b.String()))
	return err
}
