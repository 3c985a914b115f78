package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/report"
)

// usageError is a mistake that was found before any host was touched.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

func usage(hint, format string, args ...any) error {
	for i, a := range args {
		if err, ok := a.(error); ok {
			args[i] = inventory.Plain(err)
		}
	}
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// exitError ends the program with a code, and says nothing: all has been said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// tell words err for people, on lines of its own, and returns the exit code for it.
func tell(w io.Writer, err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	var hint string
	var wrong *inventory.Error
	var all inventory.Errors
	var bad *usageError
	var config *sshconfig.Error
	switch {
	case errors.As(err, &config):
		if hint = config.Hint; hint == "" && config.Line > 0 {
			hint = "-F none does without ssh_config"
		}
	case errors.As(err, &wrong):
		hint = wrong.Hint
	case errors.As(err, &bad):
		hint = bad.hint
	}
	errors.As(err, &all)
	for i, line := range strings.Split(strings.TrimSuffix(inventory.Plain(err).Error(), "\n"), "\n") {
		fmt.Fprintf(w, "hail: %s\n", line)
		if i < len(all) && line == all[i].Error() && all[i].Hint != "" && (i+1 == len(all) || all[i+1].Hint != all[i].Hint) {
			fmt.Fprintf(w, "hint: %s\n", all[i].Hint) // the same one once
		}
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
	var file *fs.PathError
	var damage *report.DamageError
	if errors.As(err, &file) && file.Op == "write" || errors.As(err, &damage) {
		return exitRecord
	}
	return exitUsage
}
