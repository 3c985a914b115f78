package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hail/inventory"
	"hail/runner"
)

// Whatever people are told in more than one place is worded here.

// Word returns a status as people read it; empty stands for a host that has not ended. Programs get the status itself also
// in a dry run: they know it by that name.
func Word(status runner.Status, dryRun bool) string {
	switch {
	case status == "":
		return unfinished
	case dryRun && status == runner.Changed:
		return wouldChange
	}
	return string(status)
}

// unfinished is what is said of a host that has not ended.
const unfinished = "not finished yet"

// outcomeWord returns an outcome as people read it.
func outcomeWord(o runner.Outcome) string { return strings.ReplaceAll(string(o), "-", " ") }

// What people read about a dry run.
const (
	wouldChange    = "would change"
	nothingChanged = "dry run: nothing was changed"
)

// Ending says how a host ended, by its event e, in a run that may be a dry run.
func Ending(e *runner.Event, dryRun bool) string { return resultOf(e).ending(dryRun) }

// ending says how the host ended, as it is written everywhere: failed(exit 3), unreachable(auth), ok.
func (r *Result) ending(dryRun bool) string {
	word := Word(r.Status, dryRun)
	switch {
	case r.Reason == runner.ExitStatus:
		return fmt.Sprintf("%s(exit %d)", word, r.Exit)
	case r.Reason != "":
		return fmt.Sprintf("%s(%s)", word, r.Reason)
	}
	return word
}

// how is ending for a run that is not a dry run.
func (r *Result) how() string { return r.ending(false) }

// why returns what the host's error adds to how it ended, on one line: nothing if it is the exit status again.
func (r *Result) why() string {
	if r.Reason == runner.ExitStatus && r.Error == fmt.Sprint("exit ", r.Exit) {
		return ""
	}
	return OneLine(r.Error)
}

// Said says on one line how the host ended, and why.
func (r *Result) Said() string {
	text := r.how()
	if why := r.why(); why != "" {
		text += ": " + why
	}
	return text
}

// stopText says why a run was stopped early.
func stopText(s *Summary) string {
	switch s.Stopped {
	case runner.OverBudget:
		return overBudget(s)
	case runner.GateClosed:
		return "the gate refused the next wave: " + OneLine(s.Why)
	case runner.OutOfTime:
		return "--run-timeout ran out"
	case runner.Unrecorded:
		return "the record could not be written"
	case runner.HostStopped:
		return "a host was left in a state that needs attention first"
	}
	return string(s.Stopped)
}

// overBudget says which hosts there were more of than the budget allows.
func overBudget(s *Summary) string {
	var said []string
	for _, b := range []struct {
		most         *runner.Share
		what, option string
		n            int
	}{
		{s.Plan.Budget.Fail, "failed", "--max-fail", s.Counts[runner.Failed] + s.Counts[runner.Timeout] + s.Counts[runner.Lost] + s.Counts[runner.Error]},
		{s.Plan.Budget.Unreachable, "unreachable", "--max-unreachable", s.Counts[runner.Unreachable]},
	} {
		if b.most == nil || b.n <= b.most.Down(len(s.Hosts)) {
			continue
		}
		text := fmt.Sprintf("%d %s, %s allows %d", b.n, b.what, b.option, b.most.Down(len(s.Hosts)))
		if b.most.Percent {
			text += fmt.Sprintf(" (%s)", b.most)
		}
		said = append(said, text)
	}
	return cmp.Or(strings.Join(said, "; "), "more hosts went wrong than the budget allows") // if s is only a part of the hosts
}

// remainsText says what is left running of a command that was stopped.
func remainsText(r runner.Remains) string {
	switch r {
	case runner.Gone:
		return "nothing is left running"
	case runner.Alive:
		return "something is still running"
	}
	return "it is not known whether anything is left running"
}

// hint says what the user can do about a host that ended as in r; it may be empty. place is the host's index in the
// plan.
func hint(r *Result, p *runner.Plan, place int) string {
	switch r.Reason {
	case runner.HostKeyUnknown:
		return fmt.Sprintf("compare it: hail hostkeys -w run:%s/hostkey-unknown", cmp.Or(r.Run, p.Run))
	case runner.HostKeyChanged:
		return "find out why; if the host was reinstalled, remove its old key with ssh-keygen -R NAME -f FILE, where NAME is '[HOST]:PORT' for a port other than 22"
	case runner.Auth:
		if p.Login != (runner.LoginPassword{}) {
			return "check the user (-l), the password, and whether the server accepts passwords"
		}
		return "check the user (-l), the key (--identity), and whether the agent holds it"
	case runner.DNS:
		return "give it an address in the inventory, or a HostName in ssh_config"
	case runner.ConnectTimeout:
		return "check that it is up; --connect-timeout allows more time"
	case runner.Closed:
		return "a busy server hangs up: lower --per-address or --connecting for fewer logins at once"
	case runner.Jump:
		return jumpHint(r.Reach, p.Hosts[place].Connection.Jump, p.Control)
	case runner.Escalation:
		if p.Hosts[place].Connection.BecomeMethod == inventory.Doas {
			return "permit it with nopass in the host's doas.conf: doas takes no password from a program"
		}
		switch {
		case p.Sudo == (runner.Password{}):
		case r.Reach != nil && r.Reach.Unverified:
			return fmt.Sprintf("hail hostkeys -w %s shows its key, to be compared and recorded", r.Host)
		default:
			return "check that the password is that of the user who logs in, and that sudoers lets that user; --tty gives sudo a terminal if it wants one"
		}
		return "-K asks for the sudo password; --tty gives sudo a terminal if it wants one"
	case runner.NoUser:
		return "check --sudo-user, or become_user in the inventory"
	case runner.Locked:
		return "--patience waits longer for the other push"
	case runner.ChannelRefused:
		if p.TTY {
			return "check that the account may run commands, and that the server gives it a terminal (PermitTTY); without --tty, none is asked for"
		}
		return "check that the account may run commands; --no-wrap sends the bare command"
	}
	switch r.Status {
	case runner.Skipped:
		if !p.DryRun {
			return fmt.Sprintf("hail resume %s goes on with them", p.Run)
		}
	case runner.Lost:
		if p.Action.Kind == runner.ActionPush {
			return fmt.Sprintf("hail retry %s --only lost pushes again, and first settles what this push has left", p.Run)
		}
		return "it may have run to its end: look before running it again"
	case runner.Timeout:
		if limit := p.Clocks.Attempt; limit > 0 && r.Run == "" { // otherwise the limit is that of another run
			return fmt.Sprintf("it had %s; --timeout allows more", limit)
		}
		return "--timeout allows more time"
	}
	return ""
}

// jumpHint says what to do about a host that was not reached through what stands before it. reach is how far it came, or nil;
// jump are the jump hosts that the plan has for it, and control is the socket of its OpenSSH master.
func jumpHint(reach *runner.Reach, jump, control string) string {
	switch {
	case reach == nil:
		return ""
	case reach.Phase == runner.PhaseTCP && control != "":
		return "without %h or %C in --control, the master is a jump host: it has to allow forwarding, and to reach that address itself"
	case reach.Phase == runner.PhaseTCP:
		return "the jump host has to allow forwarding (AllowTcpForwarding), and to reach that address itself"
	case reach.Phase == runner.PhaseProxy, reach.Phase == runner.PhaseHandshake:
		return "run the ProxyCommand by hand, or see its steps with -v"
	case reach.Phase == runner.PhaseMaster:
		return "without --control, hail makes a connection of its own"
	case inventory.CheckName(jump) != nil: // of ssh_config, or more than a name
		return "hail ping its jump host, to see why that is not reached"
	}
	return "hail ping --any-host -w " + jump + " shows how the jump host itself is reached"
}

// Doing says on one line what a run does, where, and as which users other than those who log in, with the rest of the
// line. Only the names of hosts are cut to the width; they always get a quarter of it.
func (s Style) Doing(what string, p *runner.Plan, rest string) string {
	doing, rest := OneLine(what)+" on ", s.users(p)+rest
	return doing + s.cut(inventory.Fold(inventory.Names(p.Hosts)), min(textWidth(doing+rest), s.Width*3/4)) + rest
}

func (s Style) users(p *runner.Plan) (text string) {
	if p.Action.Kind == runner.ActionPing { // which only logs in
		return ""
	}
	byUser := map[string][]string{}
	for _, h := range p.Hosts {
		if user := h.Connection.Becomes(); user != "" {
			byUser[user] = append(byUser[user], h.Name)
		}
	}
	for _, user := range slices.Sorted(maps.Keys(byUser)) {
		text += ", as " + OneLine(user) // in a record, it may be anything
		if len(byUser[user]) < len(p.Hosts) {
			text += " on " + s.cut(inventory.Fold(byUser[user]), s.Width*3/4)
		}
	}
	return text
}

// Brief returns the beginning of what a run did, on one line: enough to know it by. The record has all of it.
func Brief(what string) string { return Style{Width: 120}.cut(OneLine(what), 0) }

// Plural formats a number of things: 1 host, 2 hosts.
func Plural[N int | int64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counted is Plural with thousands separated: 10,000 hosts.
func counted(n int, what string) string {
	_, words, _ := strings.Cut(Plural(n, what), " ")
	return thousands(n) + " " + words
}

// thousands formats a number for people: 10,000.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// seconds formats a duration as people read it: 6.2s, 340ms, 2m05s.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}
