package sshconfig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hail/inventory/wildcard"
)

// pattern matches names, with * for any text and ? for any one byte; a leading ! negates it.
type pattern struct {
	text    string
	negated bool
	plain   bool // no wildcards
}

func newPattern(text string) pattern {
	p := pattern{text: text}
	p.text, p.negated = strings.CutPrefix(text, "!")
	p.plain = !strings.ContainsAny(p.text, "*?")
	return p
}

func (p pattern) matches(name string) bool {
	if p.plain {
		return p.text == name
	}
	return wildcard.Match(p.text, name)
}

// matchAny says whether one of the patterns matches name, and no negated one does.
func matchAny(patterns []pattern, name string) bool {
	found := false
	for _, p := range patterns {
		if p.matches(name) {
			if p.negated {
				return false
			}
			found = true
		}
	}
	return found
}

// criterion is one condition of a Match line.
type criterion struct {
	kind     string // lower case
	negated  bool
	patterns []pattern
	command  string // of exec
}

// parseMatch reads the criteria of a Match line.
func parseMatch(args []string) (criteria []criterion, err error) {
	for i := 0; i < len(args); i++ {
		word, value, hasValue := strings.Cut(args[i], "=")
		c := criterion{kind: strings.ToLower(word)}
		c.kind, c.negated = strings.CutPrefix(c.kind, "!")
		switch c.kind {
		case "all", "canonical", "final":
			if hasValue {
				return nil, fmt.Errorf("match %s takes no value", c.kind)
			}
		case "host", "originalhost", "user", "localuser", "exec", "tagged", "localnetwork", "command", "version", "sessiontype":
			if !hasValue {
				if i++; i == len(args) {
					return nil, fmt.Errorf("match %s: a value is missing", c.kind)
				}
				value = args[i]
			}
			c.take(value)
		default:
			return nil, fmt.Errorf("match %s: unknown criterion", word)
		}
		criteria = append(criteria, c)
	}
	if len(criteria) == 0 {
		return nil, errors.New("match: a criterion is missing")
	}
	if !allFits(criteria) {
		return nil, errors.New("match all stands alone, or follows canonical or final")
	}
	return criteria, nil
}

// take reads the value of a criterion: a command, or patterns.
func (c *criterion) take(value string) {
	if c.kind == "exec" {
		c.command = value
		return
	}
	if strings.HasSuffix(c.kind, "host") { // Match ignores the case of host names, Host lines do not
		value = strings.ToLower(value)
	}
	for p := range strings.SplitSeq(value, ",") {
		c.patterns = append(c.patterns, newPattern(p))
	}
}

// allFits reports whether all, if it is among the criteria, is where it may be.
func allFits(criteria []criterion) bool {
	all := slices.IndexFunc(criteria, func(c criterion) bool { return c.kind == "all" })
	if all < 0 {
		return true
	}
	before, after := criteria[:all], criteria[all+1:]
	follows := len(before) == 1 && (before[0].kind == "canonical" || before[0].kind == "final")
	return !criteria[all].negated && len(after) == 0 && (len(before) == 0 || follows)
}

// holds says whether a Match line holds for what is known so far.
func (e *evaluation) holds(ctx context.Context, c condition) (bool, error) {
	for _, m := range c.criteria {
		met := false
		switch m.kind {
		case "all":
			met = true
		case "canonical", "final":
			met = e.final
		case "host":
			met = matchAny(m.patterns, strings.ToLower(e.hostNow()))
		case "originalhost":
			met = matchAny(m.patterns, strings.ToLower(e.name))
		case "user":
			met = matchAny(m.patterns, e.userNow())
		case "localuser":
			met = matchAny(m.patterns, e.c.local.User)
		case "exec":
			var err error
			if met, err = e.execHolds(ctx, c, m.command); err != nil {
				return false, err
			}
		default:
			return false, &Error{c.file, c.line, "match " + m.kind + " is not supported", ""}
		}
		if met == m.negated {
			return false, nil
		}
	}
	return true, nil
}

// execHolds runs the command of a Match exec, if Local.AllowExec is set, and says whether it succeeds.
func (e *evaluation) execHolds(ctx context.Context, c condition, command string) (bool, error) {
	if !e.c.local.AllowExec {
		return false, &Error{c.file, c.line, "match exec would run a program", "--allow-exec lets ssh_config run programs"}
	}
	expanded, err := e.command(command, e.tokens())
	if err != nil {
		return false, &Error{c.file, c.line, err.Error(), ""}
	}
	err = program(ctx, e.c.local.Shell(), "-c", expanded).Run()
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return err == nil, nil
}
