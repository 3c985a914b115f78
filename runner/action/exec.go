package action

import (
	"context"

	"hail/runner"
	"hail/runner/action/fill"
)

// Exec runs one command line. One with secrets or an input needs the Sources that New takes.
type Exec struct {
	Line     runner.Text `json:"line"`               // for the host's shell, already quoted
	Template bool        `json:"template,omitempty"` // Line is a template, filled in for each host
	Surroundings
	sources Sources
}

// Lines returns the command lines of the plan's hosts, in their order, or an error if one can't be filled in.
func (e Exec) Lines(p *runner.Plan) (lines []string, err error) {
	lines = make([]string, len(p.Hosts))
	var t fill.Command
	if e.Template {
		if t, err = fill.ParseCommand(string(e.Line)); err != nil {
			return nil, err
		}
	}
	for i, h := range p.Hosts {
		line := string(e.Line)
		if e.Template {
			if line, err = t.For(h, p.Index(i)); err != nil {
				return nil, err
			}
		}
		lines[i] = e.in(line)
	}
	return lines, nil
}

// Spec describes the action as data.
func (e Exec) Spec() runner.Spec { return runner.NewSpec(runner.ActionExec, e) }

// Do implements runner.Action.
func (e Exec) Do(ctx context.Context, t *runner.Target) error {
	line := string(e.Line)
	if e.Template {
		var err error
		if line, err = fill.Line(line, t.Host, t.Index); err != nil {
			return err
		}
	}
	s, err := e.stdio(t, e.sources)
	if err != nil {
		return err
	}
	defer closeInput(s)
	return e.judge(t.Exec(ctx, e.in(line), s))
}
