package action

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"

	"hail/runner"
	"hail/runner/action/program"
)

//go:embed sh/apply.sh
var applyScript string

// apply does the steps on the host, in one command that finishes or takes back what it has begun, even when we are gone.
func (p Push) apply(ctx context.Context, t *runner.Target, c *comparison, have *found) error {
	nonce := rand.Text()
	journal, sent, err := p.journal(c, ".hail-"+nonce)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	in, err := p.input(journal, sent)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	defer in.Close()
	stream := "tar"
	switch {
	case len(c.steps) == 0 && !c.remembers:
		stream = "none"
	case len(sent) == 0:
		stream = "journal"
	}
	onFailure := "rollback"
	if p.Keep {
		onFailure = "keep"
	}
	line := fmt.Sprintf("sh -c %s hail %s %s %d %d %d %s", runner.Quote(applyScript), nonce, onFailure, p.Patience, p.Backup, len(journal), stream)
	o := outcome{push: &p}
	if err := program.Run(ctx, t, nonce, line, runner.Stdio{In: in, Size: in.size}, o.hear); err != nil {
		return err
	}
	return o.result(t, len(c.steps) > 0)
}
