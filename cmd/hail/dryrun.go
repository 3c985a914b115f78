package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// plan shows a plan, which is not carried out. lines are the command lines of the hosts, in the order of the plan.
func (d *display) plan(p *runner.Plan, lines []string, settings []setting) error {
	if asJSON(d.modes.names()) {
		return json.NewEncoder(report.JSONWriter{W: d.env.stdout}).Encode(p)
	}
	work := workWord(p.Action.Kind)
	rows := [][2]string{
		{"what", d.what},
		{"hosts", fmt.Sprintf("%s (%d)", inventory.Fold(inventory.Names(p.Hosts)), len(p.Hosts))},
		{"fan-out", fmt.Sprintf("%d at once, %s logging in, %d at one address", p.AtOnce(), connectingText(p), p.PerAddress)},
		{"limits", limitsText(p, work)},
		{"pace", paceText(p)},
		{"waves", wavesText(p)},
		{"budget", budgetText(p)},
		{"retry", retryText(p)},
		{work, endingText(p)},
	}
	rows = slices.DeleteFunc(rows, func(r [2]string) bool { return r[1] == "" })
	if slices.ContainsFunc(lines, func(line string) bool { return line != d.what }) {
		rows = append(rows, foldRows("remote", inventory.Names(p.Hosts), lines)...)
	}
	rows = append(rows, foldRows("as", inventory.Names(p.Hosts), usersText(p.Hosts))...)
	for _, s := range settings {
		rows = append(rows, [2]string{"setting", s.String()})
	}
	var b strings.Builder
	for _, r := range rows { // a text of several lines is indented: none of them can pass for another row
		fmt.Fprintf(&b, "%-8s %s\n", r[0], strings.ReplaceAll(r[1], "\n", "\n         "))
	}
	b.WriteString("dry run: nothing was done\n")
	_, err := d.env.stdout.Write(report.Clean(nil, []byte(b.String())))
	return err
}

// workWord returns the word for what is done on a host; "" if that is nothing.
func workWord(kind string) string {
	switch kind {
	case runner.ActionPing:
		return ""
	case runner.ActionScript:
		return "script"
	case runner.ActionFetch:
		return "fetch"
	case runner.ActionCheck:
		return "test"
	}
	return "command"
}

func limitsText(p *runner.Plan, work string) string {
	limit := func(d inventory.Duration) string {
		if d == 0 {
			return "none"
		}
		return d.String()
	}
	text := fmt.Sprintf("connecting %v, ", p.Clocks.Connect)
	if work != "" {
		text += fmt.Sprintf("%s %s, ", work, limit(p.Clocks.Attempt))
	}
	return text + "run " + limit(p.Clocks.Run)
}

// endingText describes how the work on a host is ended; "" if there is none.
func endingText(p *runner.Plan) string {
	if p.Action.Kind == runner.ActionPing {
		return ""
	}
	const bare = "sent bare: nothing ends it on the host"
	wrapped := "ended when its time is up, then killed after " + p.Clocks.Grace.String()
	switch without := bareHosts(p.Hosts); len(without) {
	case 0:
		return wrapped
	case len(p.Hosts):
		return bare
	default:
		return fmt.Sprintf("%s; to %s (%d) %s", wrapped, inventory.Fold(without), len(without), bare)
	}
}

func connectingText(p *runner.Plan) string {
	if p.ConnectingMost > p.Connecting {
		return fmt.Sprintf("%d (up to %d while that is quick)", p.Connecting, p.ConnectingMost)
	}
	return fmt.Sprint(p.Connecting)
}

// paceText, wavesText, budgetText and retryText describe a part of the plan in numbers; "" where the plan sets nothing.
func paceText(p *runner.Plan) string {
	var parts []string
	if p.Rate > 0 {
		starts := "starts"
		if p.Rate == 1 {
			starts = "start"
		}
		parts = append(parts, fmt.Sprintf("%g %s a second", p.Rate, starts))
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
	text := strings.Join(parts, ", then ")
	if len(sizes) > len(parts) {
		text += fmt.Sprintf(" … %d in all", len(sizes))
	}
	if p.Pause > 0 {
		text += fmt.Sprintf("; a pause of %v between them", p.Pause)
	}
	if p.Gate != "" {
		text += "; then the gate " + p.Gate
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
		parts = append(parts, fmt.Sprintf("up to %s when not reached for a reason that may pass", report.Plural(n, "time")))
	}
	if n := p.Retry.Failed; n > 0 {
		parts = append(parts, fmt.Sprintf("up to %s after failed or timeout", report.Plural(n, "time")))
	}
	return strings.Join(parts, "; ")
}

// foldRows returns a row for each distinct text, with the hosts that have it, in order of appearance. Empty texts are left
// out.
func foldRows(label string, hosts, texts []string) (rows [][2]string) {
	for text, members := range byKey(hosts, texts) {
		if text != "" {
			rows = append(rows, [2]string{label, inventory.Fold(members) + ": " + text})
		}
	}
	return rows
}

// usersText returns for each host the other user that its commands run as, or "".
func usersText(hosts []inventory.Host) []string {
	texts := make([]string, len(hosts))
	for i, h := range hosts {
		if user := h.Connection.Becomes(); user != "" {
			texts[i] = fmt.Sprintf("%s, by %s", user, cmp.Or(h.Connection.BecomeMethod, inventory.Sudo))
		}
	}
	return texts
}
