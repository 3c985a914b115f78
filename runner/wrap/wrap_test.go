package wrap_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/wrap"
)

const bound = 30 * time.Second

// TestMain lets more parallel tests run at once than there are processors: they mostly wait. The shells get a home folder
// of their own, as fish writes into it.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8")
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	os.Setenv("HOME", home)
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// TestProgramNeedsNoShell: a single program with arguments is started without the shell of the host.
func TestProgramNeedsNoShell(t *testing.T) {
	c := dialled(t, loginShell{"/bin/sh"}, "/nonexistent/shell")
	const word = "it's $HOME\n\\!"
	var out bytes.Buffer
	line := runner.QuoteWords([]string{"sh", "-c", `cat; printf "%s %s" "$1" "$X"`, "name", word})
	s := runner.Stdio{In: strings.NewReader("in "), Size: 3, Out: &out, Env: []string{"X=" + word}, Program: true}
	if err := c.Exec(t.Context(), line, s); err != nil || out.String() != "in "+word+" "+word {
		t.Errorf("the error is %v, and the output %q", err, out.String())
	}
	if err := c.Exec(t.Context(), "true", runner.Stdio{}); err == nil {
		t.Error("a command ran although its shell does not exist")
	}
}

func TestExec(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		for _, tt := range []struct {
			line, out, err string
			exit           int
		}{
			{"true", "", "", 0},
			{"echo out; echo err >&2; exit 7", "out\n", "err\n", 7},
			{"exit 255", "", "", 255},
			{`printf '%s|' "it's" 'a\b' '$HOME' "!x" '` + "`" + `' 'new
line' 'ü'`, "it's|a\\b|$HOME|!x|`|new\nline|ü|", "", 0},
			{`echo "$HAIL_HOST:$X"`, "web01:a'b c\n\n", "", 0},
			{"cat; echo end", "end\n", "", 0},                                 // no input is an empty input, not that of the wrapper
			{`ls /proc/self/fd 2>/dev/null | grep -c '^[34]$'`, "1\n", "", 0}, // 3 belongs to ls, and the descriptors of the wrapper are closed
			{"kill -9 $$", "", "", 137},
			{"sleep 0.5; echo late", "late\n", "", 0}, // the watchdog waits for the end of the input
		} {
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var out, errs bytes.Buffer
			err := c.Exec(ctx, tt.line, runner.Stdio{Out: &out, Err: &errs, Env: []string{"HAIL_HOST=web01", "X=a'b c\n"}, Grace: inventory.Duration(time.Second)})
			exit := 0
			if f := (*runner.Failure)(nil); errors.As(err, &f) && f.Reason == runner.ExitStatus {
				exit = f.Exit
			} else if err != nil {
				t.Errorf("%s: %v", tt.line, err)
			}
			if out.String() != tt.out || errs.String() != tt.err || exit != tt.exit {
				t.Errorf("%s: %q, %q, exit %d; want %q, %q, %d", tt.line, out.String(), errs.String(), exit, tt.out, tt.err, tt.exit)
			}
		}
	})
}

// TestFlow: with Flow, the input arrives completely. Its end, or that of the context, ends the command.
func TestFlow(t *testing.T) {
	eachShell(t, func(t *testing.T, c runner.Conn) {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		in := strings.Repeat("0123456789abcde\n", 64<<10)
		var out bytes.Buffer
		err := c.Exec(ctx, `printf %s: "$X"; cat; exit 3`,
			runner.Stdio{In: strings.NewReader(in), Size: int64(len(in)), Out: &out, Env: []string{"X=a b"}, Flow: true})
		if f := (*runner.Failure)(nil); !errors.As(err, &f) || f.Exit != 3 || out.String() != "a b:"+in {
			t.Errorf("%d bytes of output, %v, want the whole input and exit 3", out.Len(), err)
		}
		stopped, stop := context.WithCancel(ctx)
		defer stop()
		said := &firstByte{then: stop}
		r, w := io.Pipe()
		defer w.Close()
		go io.WriteString(w, "begin\n")
		err = c.Exec(stopped, "cat; echo end", runner.Stdio{In: r, Size: 100, Out: said, Flow: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("the output is %q, %v, want all of it and the end of the context", said.String(), err)
		}
	})
}

// TestArguments: any bytes but NUL reach the command unchanged, many words at a time.
func TestArguments(t *testing.T) {
	const special = "'\"\\$`!~*?[]{}#&|;<>() \t\n\r=%^-"
	for _, shell := range [][]string{{"dash"}, {"fish"}, {"tcsh"}} {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			c := login(t, shell)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			for range 5 {
				words := make([]string, 40)
				for i := range words {
					for range rand.IntN(40) {
						char := byte(1 + rand.IntN(255))
						if rand.IntN(2) == 0 {
							char = special[rand.IntN(len(special))]
						}
						words[i] += string([]byte{char})
					}
				}
				var out bytes.Buffer
				err := c.Exec(ctx, `printf '%s\0' `+runner.QuoteWords(words), runner.Stdio{Out: &out})
				got := strings.Split(out.String(), "\x00")
				if err != nil || len(got) != len(words)+1 {
					t.Fatalf("%d words came back as %d, %v: %q", len(words), len(got)-1, err, words)
				}
				for i, w := range words {
					if got[i] != w {
						t.Errorf("%q came back as %q", w, got[i])
					}
				}
			}
		})
	}
}

func TestNamesOfVariables(t *testing.T) {
	for _, s := range []runner.Stdio{{Env: []string{"A;touch /tmp/x;B=1"}}, {Secrets: []string{"A B=1"}}, {Env: []string{"=1"}}} {
		err := login(t, []string{"dash"}).Exec(t.Context(), "exit 1", s)
		if s, _ := runner.StatusOf(err); s != runner.Error || !strings.Contains(err.Error(), "not the name of a variable") {
			t.Errorf("the error is %v, want that it is not the name of a variable", err)
		}
	}
}

func TestTheLengthHasALimit(t *testing.T) {
	c := login(t, []string{"dash"})
	err := c.Exec(t.Context(), strings.Repeat("x", 100<<10), runner.Stdio{})
	if s, _ := runner.StatusOf(err); s != runner.Error || !strings.Contains(err.Error(), "too long") {
		t.Errorf("the error is %v, want that the command is too long", err)
	}
}

// TestNoWrapper: a host that ends by itself before the wrapper takes the input has not run the command, and the error
// tells a wrapper that was killed from one that never began. Without input that is not known, and a lost connection or a
// refusal keeps its own error.
func TestNoWrapper(t *testing.T) {
	refused := &runner.Failure{Status: runner.Failed, Reason: runner.Escalation, Err: errors.New("wrong password")}
	lost := &runner.Failure{Status: runner.Lost, Err: errors.New("the connection ended")}
	killed := &runner.Failure{Status: runner.Failed, Reason: runner.Signalled, Err: errors.New("killed by signal KILL")}
	exit := func(status int) error {
		return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: status, Err: fmt.Errorf("exit %d", status)}
	}
	one := exit(1)
	const never = "the host did not run hail's wrapper, and ended with exit "
	const before = "the command did not run: on the host, hail's wrapper was killed before it took the input "
	for _, tt := range []struct {
		in      string
		ended   error
		instead string // empty: what it ended with
	}{
		{"data", nil, never + "0"}, {"data", one, never + "1"}, {"data", exit(128), never + "128"}, {"data", exit(254), never + "254"},
		{"data", exit(137), before + "(exit 137)"}, {"data", exit(143), before + "(exit 143)"}, {"data", killed, before + "(killed by signal KILL)"},
		{"data", refused, ""}, {"data", lost, ""}, {"", nil, ""}, {"", one, ""}, {"", killed, ""},
	} {
		host := execFunc(func(_ string, s runner.Stdio) error {
			io.WriteString(s.Err, "This account is not available.\n")
			return tt.ended
		})
		c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
		err := c.Exec(t.Context(), "cat", runner.Stdio{In: strings.NewReader(tt.in), Size: int64(len(tt.in))})
		if tt.instead == "" {
			if err != tt.ended {
				t.Errorf("input %q, ended with %v: %v, want the same", tt.in, tt.ended, err)
			}
			continue
		}
		if status, _ := runner.StatusOf(err); status != runner.Error || !strings.HasPrefix(err.Error(), tt.instead) {
			t.Errorf("input %q, ended with %v: %s, %v, want an error of our own: %s", tt.in, tt.ended, status, err, tt.instead)
		}
	}
}

// TestBare: a host without a POSIX shell gets the line as it is, with no grace after a stop, and no secrets, which it could
// only have got on a command line.
func TestBare(t *testing.T) {
	var got string
	var given runner.Stdio
	host := execFunc(func(cmd string, s runner.Stdio) error {
		got, given = cmd, s
		return nil
	})
	c, err := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{Connection: inventory.Connection{Shell: inventory.NoShell}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(t.Context(), "show version", runner.Stdio{Grace: 5e9, Limit: 7}); err != nil || got != "show version" || given.Grace != 0 || given.Limit != 7 {
		t.Errorf("%v: the host got %q, with %+v", err, got, given)
	}
	got = ""
	err = c.Exec(t.Context(), "show version", runner.Stdio{Secrets: []string{"A=b"}})
	if s, _ := runner.StatusOf(err); s != runner.Error || got != "" {
		t.Errorf("with a secret: %v, and the host got %q", err, got)
	}
}

// TestWindows: OpenSSH for Windows hands the wrapper to a shell that does not know it, and so it is told where a command
// has failed there, and nowhere else.
func TestWindows(t *testing.T) {
	const told = "hail run --no-wrap"
	for _, tt := range []struct {
		server string
		exit   int
		told   bool
	}{
		{"SSH-2.0-OpenSSH_for_Windows_9.5", 1, true},
		{"SSH-2.0-OpenSSH_for_Windows_9.5", 0, false},
		{"SSH-2.0-OpenSSH_9.5", 1, false},
	} {
		host := server{execFunc(func(string, runner.Stdio) error {
			if tt.exit == 0 {
				return nil
			}
			return &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: tt.exit, Err: fmt.Errorf("exit %d", tt.exit)}
		}), tt.server}
		c, _ := wrap.Dialer{Inner: host}.Dial(t.Context(), inventory.Host{})
		err := c.Exec(t.Context(), "uptime", runner.Stdio{})
		if f, _ := errors.AsType[*runner.Failure](err); (f != nil) != (tt.exit != 0) || f != nil && (f.Exit != tt.exit || f.Reason != runner.ExitStatus) {
			t.Errorf("%s, exit %d: the error is %v", tt.server, tt.exit, err)
		}
		if err != nil && strings.Contains(err.Error(), told) != tt.told {
			t.Errorf("%s, exit %d: the error %q speaks of %s: %v, want %v", tt.server, tt.exit, err, told, !tt.told, tt.told)
		}
	}
}
