package action

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"hail/runner"
)

// Script runs a script that is sent over the connection. To be run, it needs the Sources that New takes.
type Script struct {
	Name        string        `json:"name"`        // its name, which is $0 for a shell that reads it from its input
	TextDigest  string        `json:"text"`        // the digest of its text
	Interpreter []string      `json:"interpreter"` // a program and its options
	Args        []runner.Text `json:"args,omitempty"`
	Surroundings
	sources Sources
}

// maxScript is the longest script, in bytes.
const maxScript = 16 << 20

// NewScript makes a Script of text. The interpreter is the one given, else that of its #! line, else /bin/sh. It also
// returns the text to send, without a byte order mark and without Windows line ends.
func NewScript(name string, text []byte, interpreter string, args []string) (Script, []byte, error) {
	s := Script{Name: name, Args: runner.Texts(args)}
	switch {
	case len(text) > maxScript:
		return s, nil, fmt.Errorf("%s: a script of %d bytes is too long (at most %d)", name, len(text), maxScript)
	case bytes.IndexByte(text, 0) >= 0:
		return s, nil, fmt.Errorf("%s is not a script: it contains a NUL byte", name)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if first, _, _ := bytes.Cut(text, []byte("\n")); bytes.HasSuffix(first, []byte("\r")) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	if rest, ok := bytes.CutPrefix(text, []byte("#!")); ok && interpreter == "" {
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		interpreter = string(line)
	}
	if s.Interpreter = strings.Fields(interpreter); len(s.Interpreter) == 0 {
		s.Interpreter = []string{"/bin/sh"}
	}
	s.TextDigest = runner.Digest(text)
	return s, text, nil
}

// Spec describes the action as data.
func (s Script) Spec() runner.Spec { return runner.NewSpec(runner.ActionScript, s) }

// Do implements runner.Action. A script without an input of its own is fed to its interpreter; otherwise it is put into
// a folder of its own on the host, which is removed afterwards.
func (s Script) Do(ctx context.Context, t *runner.Target) error {
	text, err := s.sources.input(s.TextDigest)
	if err != nil {
		return err
	}
	defer closeInput(text)
	given, err := s.stdio(t, s.sources)
	if err != nil {
		return err
	}
	if given.In != nil {
		defer closeInput(given)
		text.Err = t.Err
		return s.staged(ctx, t, text, given)
	}
	given.In, given.Size = text.In, text.Size
	return s.judge(t.Exec(ctx, s.in(s.fed()), given))
}

// shells are the interpreters that wholeScript makes read a script whole before they run it: otherwise a command of the
// script would take the rest of it as its input.
var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "ash": true, "ksh": true, "ksh93": true, "mksh": true, "zsh": true}

const wholeScript = `hail_script=$(cat; printf x); exec </dev/null; eval "${hail_script%x}"`

// besideInput is a script for sh that lets the interpreter %[1]s read its script from descriptor 3. On Linux, the input
// would not be read by opening /dev/stdin, and perl and ruby leave what follows __END__ in it. Where there is no /dev/fd/3,
// as on FreeBSD, /dev/stdin is the input itself.
const besideInput = `exec 3<&0; [ -e /dev/fd/3 ] || exec %[1]s /dev/stdin "$@"; exec %[1]s /dev/fd/3 "$@" 3<&3 </dev/null`

// fed returns the command line for a script that is fed to its interpreter.
func (s Script) fed() string {
	words := s.Interpreter
	switch name := s.program(); {
	case shells[name]:
		if last := len(words) - 1; words[last] == "-" || words[last] == "--" { // after it, -c is no option
			words = words[:last]
		}
		words = slices.Concat(words, []string{"-c", wholeScript, s.Name})
	case strings.HasPrefix(name, "python"), name == "node":
		words = slices.Concat(words, []string{"-"})
	default:
		words = []string{"sh", "-c", fmt.Sprintf(besideInput, runner.QuoteWords(words)), "hail"}
	}
	return runner.QuoteWords(slices.Concat(words, runner.Strings(s.Args)))
}

// program returns the name of the interpreter, also when env or busybox starts it.
func (s Script) program() string {
	name := path.Base(s.Interpreter[0])
	if name != "env" && name != "busybox" {
		return name
	}
	for _, w := range s.Interpreter[1:] {
		if !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
			return path.Base(w)
		}
	}
	return name
}

// staged runs the script from a file on the host. begin sends the script there; given is what the script itself gets.
func (s Script) staged(ctx context.Context, t *runner.Target, begin, given runner.Stdio) (err error) {
	dir := "/tmp/hail-" + rand.Text()
	err = t.Exec(ctx, fmt.Sprintf(putScript, dir), begin)
	status, reason := runner.StatusOf(err)
	if err != nil {
		err = fmt.Errorf("putting the script on the host: %w", err)
	}
	switch {
	case status == runner.Unreachable, status == runner.Skipped:
		return err
	case reason == runner.ExitStatus: // it is not that of the script, which has not run
		err = &runner.Failure{Status: runner.Error, Err: err}
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		e := t.Exec(clean, fmt.Sprintf("rm -rf %s %[1]s.new", dir), runner.Stdio{})
		if status, _ := runner.StatusOf(err); e != nil && status == runner.OK { // whatever e is, the script ran and must not be tried again
			err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("removing the script from the host: %w", e)}
		}
	}()
	if err != nil {
		return err
	}
	words := slices.Concat([]string{"sh", "-c", fmt.Sprintf(runStaged, dir), "hail"}, s.Interpreter, []string{dir + "/script"}, runner.Strings(s.Args))
	return s.judge(t.Exec(ctx, s.in(runner.QuoteWords(words)), given))
}

// putScript is a command line that puts its input into a new folder %s.new, as script. If hail is killed before it is run,
// the folder stays: those that are older than a day are removed.
const putScript = `sh -c 'umask 077; find /tmp/hail-*.new -prune -type d -user "$(id -u)" -mtime +0 -exec rm -rf {} + 2>/dev/null; ` +
	`mkdir %s.new && cat >%[1]s.new/script'`

// runStaged is a command line in sh that moves the script from the folder %s.new to %s, runs its arguments and removes the
// folder. That is made here, not renamed: somebody who has seen its name on the host may have made one of their own. It
// outlives the signals that end the script, for by then hail may have died. What the shell itself would print about them
// is discarded. After one, ksh93 adds 256 to its number, and not 128.
const runStaged = `trap : TERM HUP INT; mkdir -m 700 %[1]s && mv %[1]s.new/script %[1]s && rmdir %[1]s.new || exit 126; exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); hail_status=$?; rm -rf %[1]s; ` +
	`[ $hail_status -lt 256 ] || hail_status=$((hail_status - 128)); exit $hail_status`

// cleanTime is how long it may take to remove what was put on the host, even when the time of the run is over.
const cleanTime = 10 * time.Second
