package action

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// Surroundings is everything about a command except its line: where it runs, what it is given and which exit statuses
// are fine.
type Surroundings struct {
	Chdir       runner.Text   `json:"chdir,omitempty"`   // the folder to run in; empty: the login's
	Env         []runner.Text `json:"env,omitempty"`     // NAME=value
	Secrets     []string      `json:"secrets,omitempty"` // names of variables whose values are in Sources
	Stdin       string        `json:"stdin,omitempty"`   // where the input comes from, in words; empty: no input
	InputDigest string        `json:"input,omitempty"`   // the digest of the input that every host gets; empty: none
	OKExit      []int         `json:"ok_exit,omitempty"` // exit statuses that are accepted; empty: 0

	InputDigests map[string]string `json:"inputs,omitempty"`      // the digests of inputs of single hosts, by host name; they replace InputDigest
	ExportVars   bool              `json:"export_vars,omitempty"` // put the host's vars into the environment, as HAIL_VAR_name
}

// in makes line run in the folder, if there is one.
func (s Surroundings) in(line string) string {
	if s.Chdir == "" {
		return line
	}
	dir := string(s.Chdir)
	if !path.IsAbs(dir) { // not an option of cd, and not looked for in CDPATH
		dir = "./" + dir
	}
	// In csh, exit does not keep what follows in the line from being run; in a restricted shell, exec is refused.
	return fmt.Sprintf("cd %[1]s || exec sh -c 'exit %[2]d' || exit %[2]d; %[3]s", runner.Quote(dir), noFolder, line)
}

// noFolder is the exit status when the folder to run in can't be entered: the one that shells use for a command that
// can't be run.
const noFolder = 126

// stdio returns what the command is given. The caller closes In.
func (s Surroundings) stdio(t *runner.Target, from Sources) (runner.Stdio, error) {
	given := runner.Stdio{Out: t.Out, Err: t.Err, Env: runner.Strings(s.Env)}
	if s.ExportVars {
		given.Env = append(exported(t.Host.Vars), given.Env...)
	}
	for _, name := range s.Secrets {
		value, ok := from.Secrets[name]
		if !ok {
			return given, fmt.Errorf("there is no value for the secret variable %s", name)
		}
		given.Secrets = append(given.Secrets, name+"="+value)
	}
	if digest := cmp.Or(s.InputDigests[t.Host.Name], s.InputDigest); digest != "" {
		in, err := from.input(digest)
		if err != nil {
			return given, err
		}
		given.In, given.Size = in.In, in.Size
	}
	return given, nil
}

// exported returns the host's vars as environment variables. A character that a name can't have becomes _; secret vars
// and values with a NUL byte are left out.
func exported(vars map[string]any) (env []string) {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if value := inventory.ValueText(vars[name]); value != inventory.Redacted && !strings.ContainsRune(value, 0) {
			env = append(env, "HAIL_VAR_"+notInNames.ReplaceAllString(name, "_")+"="+value)
		}
	}
	return env
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_]`)

// closeInput closes the input that stdio opened.
func closeInput(s runner.Stdio) {
	if c, ok := s.In.(io.Closer); ok {
		c.Close()
	}
}

// judge applies OKExit to the error of a command: an exit status in it is accepted, and 0 is a failure if it is not in
// it.
func (s Surroundings) judge(err error) error {
	if len(s.OKExit) == 0 {
		return err
	}
	f, ok := errors.AsType[*runner.Failure](err)
	switch isExit := ok && f.Reason == runner.ExitStatus; {
	case isExit && f.Exit == noFolder && s.Chdir != "": // nobody knows whether the command itself ran
	case err == nil && !slices.Contains(s.OKExit, 0):
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Err: errors.New("exit 0")}
	case isExit && slices.Contains(s.OKExit, f.Exit):
		return &runner.Failure{Status: runner.OK, Exit: f.Exit}
	}
	return err
}
