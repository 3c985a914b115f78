package push

import (
	"maps"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner/action/fill"
)

// tryCommands fills in every command of the push for every host that it is meant for, so that a mistake in one shows
// before a host is reached. It takes the hosts as in the plan, without secrets. It also sets TemplateCommands.
func (r *renderer) tryCommands(p *Push, specs []*Spec) error {
	places, parsed := map[string]inventory.Place{}, map[string]fill.Command{}
	for _, s := range specs {
		maps.Copy(places, s.places)
	}
	if p.TemplateCommands = len(places) > 0; !p.TemplateCommands {
		return nil
	}
	for _, text := range slices.Sorted(maps.Keys(places)) {
		c, err := fill.ParseCommand(text)
		if err != nil {
			return fill.At(places[text], err)
		}
		parsed[text] = c
	}
	for i, h := range r.hosts {
		bare := h.Redact(r.secret)
		for _, text := range r.commandsOf(p, h.Name) {
			if c, ok := parsed[text]; ok {
				if _, err := c.For(bare, i); err != nil {
					return fill.At(places[text], err)
				}
			}
		}
	}
	return nil
}

// commandsOf returns all commands of the push that may run on a host.
func (r *renderer) commandsOf(p *Push, host string) (texts []string) {
	notified := map[string]bool{}
	for _, f := range r.files {
		if r.meant(f, host) {
			texts = append(texts, withStaged(f.Validate))
			for _, name := range f.Notify {
				notified[name] = true
			}
		}
	}
	if texts == nil {
		return nil
	}
	texts = append(texts, p.Validate...)
	for _, h := range p.Handlers {
		if notified[h.Name] {
			texts = append(texts, h.Run)
		}
	}
	return texts
}

// command fills in a command of a spec for the host of c.
func (p *Push) command(text string, c *comparison) (string, error) {
	if !p.TemplateCommands {
		return text, nil
	}
	return fill.Line(withStaged(text), c.host, c.index)
}

// stagedMark stands for the path of the staged file in the command that checks it.
const stagedMark = "{{staged}}"

// withStaged makes a template of a command that checks a file. Filled in, it still has {{staged}} in it.
func withStaged(command string) string {
	return strings.ReplaceAll(command, stagedMark, "{{`"+stagedMark+"` | raw}}")
}
