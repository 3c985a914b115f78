package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"

	"hail/inventory/sshconfig"
)

// readSSHConfig reads the names in the Host lines of an ssh_config, except patterns. How to reach the hosts is looked
// up in ssh_config only when they are reached.
func readSSHConfig(_ context.Context, b *builder, path string) {
	files := b.around.SSHConfig
	if path != "" {
		files = []string{path}
		if _, err := os.Stat(path); err != nil {
			b.failRead(path, err)
			return
		}
	}
	config, err := sshconfig.Load(files, nil, b.around.Local)
	if wrong, ok := errors.AsType[*sshconfig.Error](err); ok {
		b.fail(Place{File: wrong.File, Line: wrong.Line}, wrong.Text, wrong.Hint)
		return
	}
	for _, a := range config.Aliases() {
		place := Place{File: a.File, Line: a.Line}
		name := bracketed(a.Name)
		if err := CheckName(name); err != nil {
			b.remark(place, fmt.Sprintf("%v: it is left out", err))
			continue
		}
		b.add([]string{name}, settings{}, nil, place)
	}
}
