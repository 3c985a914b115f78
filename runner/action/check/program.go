package check

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

// programScript makes one check after another, and frames what each says; libraryScript has the functions that probes
// use.
var (
	//go:embed sh/program.sh
	programScript string
	//go:embed sh/library.sh
	libraryScript string
	programLine   = program.Line(program.Limit, programScript)
)

// MostSaid is how many bytes a probe may say: both outputs of a command, in hex, and more.
const MostSaid = 5 << 20

// inspect runs the probes of checks in one command on the host, and returns what they see, in their order; nil for a
// check that the host did not get to, and err says why.
func inspect(ctx context.Context, t *runner.Target, checks []*Check) ([]*seen, error) {
	var table strings.Builder
	for i, c := range checks {
		fmt.Fprintf(&table, "%d %d %s %s\n", i, int(c.Limit().Seconds()), c.as(), c.question())
	}
	a := answers{checks: checks, found: make([]*seen, len(checks))}
	if r, ok := runner.As[runner.Reacher](t.Conn); ok {
		a.underway = r.Reach().TCP / 2
	}
	nonce := rand.Text()
	line := programLine() + " " + nonce + " " + runner.Quote(libraryFor(checks))
	err := program.Run(ctx, t, nonce, line, runner.Stdio{In: strings.NewReader(table.String()), Size: int64(table.Len())}, a.hear)
	if err == nil && slices.Contains(a.found, nil) {
		err = &runner.Failure{Status: runner.Error, Err: program.ErrCutOff}
	}
	return a.found, err
}

// answers are what the host has said of checks so far.
type answers struct {
	checks   []*Check
	underway time.Duration // how long an answer takes to get here
	found    []*seen       // by check; nil: nothing yet

	// The check that the host is answering.
	at    int
	now   *seen   // nil: there is none
	began float64 // by the host's clock, in seconds
	said  int     // bytes
}

// hear takes in one answer of sh/program.sh.
func (a *answers) hear(kind, rest string) error {
	word, value, _ := strings.Cut(rest, " ")
	switch {
	case kind == "begin":
		i, err := strconv.Atoi(word)
		if err != nil || i < 0 || i >= len(a.checks) {
			return errors.New("the host answered a check that was not asked for")
		}
		a.at, a.now, a.said = i, newSeen(), 0
		a.began, _ = strconv.ParseFloat(value, 64)
	case kind == "end" && a.now != nil:
		ended, _ := strconv.ParseFloat(value, 64)
		took := time.Duration((ended - a.began) * float64(time.Second))
		a.now.took = runner.Duration(took.Round(10 * time.Millisecond)) // as exact as the host's clock
		a.now.ended(a.checks[a.at], word)
		a.found[a.at], a.now = a.now, nil
	case a.now != nil:
		if a.said += len(rest); a.said > MostSaid {
			a.now.cannot[""] = "the host said too much"
			return nil
		}
		if word == "now" {
			a.now.heard = float64(time.Now().Add(-a.underway).UnixNano()) / 1e9
		}
		a.now.hear(a.checks[a.at], rest)
	}
	return nil
}

// libraryFor returns the script that makes the looks of checks. Its arguments are the question of one of them.
func libraryFor(checks []*Check) string {
	var b strings.Builder
	b.WriteString(libraryScript)
	var included []string
	for _, c := range checks {
		if !slices.Contains(included, c.Type) {
			included = append(included, c.Type)
			b.WriteString(kinds[c.Type].probe)
		}
	}
	b.WriteString("\nprobe_\"$@\"\n")
	return runner.BareScript(b.String())
}

// as returns who makes the look: sudo, or - for the user who is logged in.
func (c *Check) as() string {
	if c.Sudo {
		return "sudo"
	}
	return "-"
}

// question returns the words for the probe: its kind, the attributes that are wanted, and the values of its parameters.
func (c *Check) question() string {
	k := kinds[c.Type]
	var b strings.Builder
	b.WriteString(k.name + " " + program.Word(","+strings.Join(c.attributes(), ",")+","))
	for _, name := range k.words {
		b.WriteString(" =" + program.Word(c.Params[name])) // with =, as a word may be empty
	}
	return b.String()
}

// attributes returns the names of the attributes that the check needs.
func (c *Check) attributes() (names []string) {
	for _, w := range c.Wants {
		name, _, _ := strings.Cut(w.Attribute, ".")
		names = append(names, name)
	}
	if c.Value != "" {
		names = append(names, c.Value)
	}
	return names
}
