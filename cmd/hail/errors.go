package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"hail/inventory"
	"hail/inventory/sshconfig"
	"hail/report"
)

// usageError is a mistake of the user that was found before any host was touched.
type usageError struct {
	text   string
	hint   string // what to do about it, or ""
	option string // the one with the wrong value, or ""
}

func (e *usageError) Error() string { return e.text }

// usage returns a usageError. hint may be "".
func usage(hint, format string, args ...any) error {
	for i, a := range args {
		if err, ok := a.(error); ok {
			args[i] = inventory.Plain(err)
		}
	}
	return &usageError{text: fmt.Sprintf(format, args...), hint: hint}
}

// wrongValue returns a usageError about the value of an option.
func wrongValue(option, hint, format string, args ...any) error {
	return &usageError{text: dashed(option) + ": " + usage(hint, format, args...).Error(), hint: hint, option: option}
}

// exitError ends the program with a code and without a message: everything has been said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// saying is one line about what happened, and perhaps a hint about what to do.
type saying struct {
	Text string `json:"error"`
	Hint string `json:"hint,omitempty"`
}

// wording returns the lines that describe err.
func wording(err error) (all []saying) {
	var hint string
	many, isMany := errors.AsType[inventory.Errors](err)
	if config, ok := errors.AsType[*sshconfig.Error](err); ok {
		if hint = config.Hint; hint == "" && config.Line > 0 {
			hint = "-F none reads no ssh_config"
		}
	} else if wrong, ok := errors.AsType[*inventory.Error](err); ok && !isMany {
		hint = wrong.Hint
	} else if wrong, ok := errors.AsType[*usageError](err); ok {
		hint = wrong.hint
	} else if damage, ok := errors.AsType[*report.DamageError](err); ok {
		hint = "what each host printed is in " + filepath.Join(filepath.Dir(damage.Path), "hosts")
	}
	for i, line := range strings.Split(strings.TrimSuffix(inventory.Plain(err).Error(), "\n"), "\n") {
		s := saying{Text: line}
		if i < len(many) && line == many[i].Error() {
			s.Hint = many[i].Hint
		}
		all = append(all, s)
	}
	if hint != "" {
		all[len(all)-1].Hint = hint
	}
	return all
}

// tell writes err to w, as JSON or as text, and returns the exit code for it.
func tell(w io.Writer, err error, asJSON bool) int {
	if exit, ok := errors.AsType[*exitError](err); ok { // everything has been said
		return exit.code
	}
	lines := wording(err)
	for i, s := range lines {
		if asJSON {
			text := json.NewEncoder(report.JSONWriter{W: w})
			text.SetEscapeHTML(false)
			_ = text.Encode(s) // as below, a write error has nowhere to go
			continue
		}
		fmt.Fprintf(w, "hail: %s\n", report.OneLine(s.Text))
		if s.Hint != "" && (i+1 == len(lines) || lines[i+1].Hint != s.Hint) {
			fmt.Fprintf(w, "hint: %s\n", report.OneLine(s.Hint)) // a hint shared by consecutive lines is shown once
		}
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok && file.Op == "write" {
		return exitRecord
	}
	if _, ok := errors.AsType[*report.DamageError](err); ok {
		return exitRecord
	}
	return exitUsage
}

// asJSON reports whether these modes write JSON. A program that reads it gets errors as JSON, too.
func asJSON(modes []string) bool {
	return slices.Contains(modes, "json") || slices.Contains(modes, "jsonl")
}

// asksJSON is asJSON for a command line whose options could not be parsed.
func asksJSON(args []string) bool {
	for i, a := range args {
		modes, inline := strings.CutPrefix(a, "--output=")
		switch {
		case a == "--":
			return false
		case a == "--json":
			return true
		case a == "--output" && i+1 < len(args):
			modes, inline = args[i+1], true
		}
		if inline && asJSON(strings.Split(modes, ",")) {
			return true
		}
	}
	return false
}
