package push

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hail/runner"
	"hail/runner/action/program"
)

var (
	//go:embed sh/stat.sh
	statOnly    string
	toolsScript = program.Sums + statOnly
	//go:embed sh/probe.sh
	probeScript string
	//go:embed sh/look.sh
	lookScript string
	probeLine  = program.Line(stateScript, toolsScript, probeScript)
	lookWord   = sync.OnceValue(func() string { return runner.Quote(runner.BareScript(toolsScript + lookScript)) })
)

// probe asks the host about everything in the manifest, in one command, or in two if links are followed: then m gets
// the paths that they lead to.
func probe(ctx context.Context, t *runner.Target, m *Manifest) (*found, error) {
	f, err := probeOnce(ctx, t, m)
	if err != nil {
		return nil, err
	}
	followed := false
	for i := range m.Items {
		if s := f.at[string(m.Items[i].Path)]; s.kind == 'l' && m.Items[i].Kind != Link && m.Items[i].Symlink == "follow" && s.resolved != "" {
			if !followed {
				m.Items, followed = slices.Clone(m.Items), true
			}
			m.Items[i].Path, m.Items[i].followed = runner.Text(s.resolved), string(m.Items[i].Path)
		}
	}
	if followed {
		return probeOnce(ctx, t, m)
	}
	return f, nil
}

func probeOnce(ctx context.Context, t *runner.Target, m *Manifest) (*found, error) {
	p := newProbing(m)
	size := p.questions.Len()
	for _, path := range p.paths {
		p.questions.WriteString(path + "\x00")
	}
	nonce := rand.Text()
	line := fmt.Sprintf("%s %s %d %s", probeLine(), nonce, size, lookWord())
	err := program.Run(ctx, t, nonce, line, runner.Stdio{In: strings.NewReader(p.questions.String()), Size: int64(p.questions.Len())}, p.hear)
	if err != nil {
		return nil, err
	}
	return p.result()
}
