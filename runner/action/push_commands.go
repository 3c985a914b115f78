package action

import (
	"maps"
	"strings"

	"hail/inventory"
	"hail/runner/action/fill"
)

// tryCommands fills in every command of the specs for every host that it is meant for, so that a mistake in one shows
// before a host is reached. It takes the hosts as in the plan, without secrets. It also sets TemplateCommands.
func (p *Push) tryCommands(specs []*PushSpec, hosts []inventory.Host, meant func(f *PushFile, host string) bool, secret []string) error {
	places, parsed := map[string]inventory.Place{}, map[string]fill.Command{}
	for _, s := range specs {
		maps.Copy(places, s.places)
	}
	if p.TemplateCommands = len(places) > 0; !p.TemplateCommands {
		return nil
	}
	for text, place := range places {
		c, err := fill.ParseCommand(text)
		if err != nil {
			return wrongCommand(place, err)
		}
		parsed[text] = c
	}
	for i, h := range hosts {
		bare := h.Redact(secret)
		for _, text := range commandsOf(specs, h.Name, meant) {
			if c, ok := parsed[text]; ok {
				if _, err := c.For(bare, i); err != nil {
					return wrongCommand(places[text], err)
				}
			}
		}
	}
	return nil
}

func wrongCommand(place inventory.Place, err error) error {
	hint := ""
	if !strings.Contains(err.Error(), ".vars.") {
		hint = `to have {{ in the command itself, write {{"{{" | raw}}`
	}
	return &inventory.Error{Place: place, Text: err.Error(), Hint: hint}
}

// commandsOf returns all commands that may run on a host. When one file is meant for the host, the Validate commands of
// all specs are among them.
func commandsOf(specs []*PushSpec, host string, meant func(f *PushFile, host string) bool) (texts []string) {
	notified := map[string]bool{}
	for _, s := range specs {
		for i := range s.Files {
			if f := &s.Files[i]; meant(f, host) {
				texts = append(texts, withStaged(f.Validate))
				for _, name := range f.Notify {
					notified[name] = true
				}
			}
		}
	}
	if texts == nil {
		return nil
	}
	for _, s := range specs {
		texts = append(texts, s.Validate...)
		for _, h := range s.Handlers {
			if notified[h.Name] {
				texts = append(texts, h.Run)
			}
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
