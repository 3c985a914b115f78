package become_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/become"
	"hail/runner/connsuite"
	"hail/runner/hosttest"
	"hail/runner/local"
	"hail/runner/wrap"
)

const bound = 30 * time.Second

// fakeSudo behaves like sudo on a host of the kind $KIND. It takes the password "right", and counts how often it is
// given a password.
const fakeSudo = `#!/bin/sh
quiet=
while [ $# -gt 0 ]; do
	case $1 in
	-n) quiet=1 ;;
	-H | -S) ;;
	-u) shift ;;
	-p) shift; prompt=$1 ;;
	--) shift; break ;;
	esac
	shift
done
case $KIND in
nopass) exec "$@" ;;
tty) echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1 ;;
esac
[ -z "$quiet" ] || { echo "sudo: a password is required" >&2; exit 1; }
echo "We trust you have received the usual lecture." >&2
for try in 1 2 3; do
	case $KIND in
	rs) printf '[sudo: %s] Password: ' "$prompt" >&2 ;;
	*) printf %s "$prompt" >&2 ;;
	esac
	IFS= read -r password || { echo "sudo: no password was provided" >&2; exit 1; }
	echo given >>"$COUNT"
	if [ "$password" = right ]; then
		[ $KIND != stranger ] || { echo "demo is not in the sudoers file." >&2; exit 1; }
		exec "$@"
	fi
	[ $KIND != once ] || break
	echo "Sorry, try again." >&2
done
echo "sudo: $try incorrect password attempts" >&2
exit 1
`

// host installs the fake sudo. It returns a way to the host, and the file that counts the tries.
func host(t *testing.T, kind string, password *become.Password) (runner.Dialer, inventory.Host, string) {
	t.Helper()
	dir := t.TempDir()
	if kind != "missing" {
		hosttest.Program(t, filepath.Join(dir, "sudo"), fakeSudo)
	}
	count := filepath.Join(dir, "count")
	path := dir + ":" + os.Getenv("PATH")
	if kind == "missing" {
		for _, tool := range []string{"sh", "printf"} {
			if err := os.Symlink("/bin/sh", filepath.Join(dir, tool)); err != nil {
				t.Fatal(err)
			}
		}
		path = dir
	}
	d := become.Dialer{Inner: withEnv{local.Dialer{}, []string{"PATH=" + path, "KIND=" + kind, "COUNT=" + count}}, Password: password}
	return d, inventory.Host{Name: "here", Connection: inventory.Connection{Become: new(true), Shell: "/bin/sh"}}, count
}

// exec runs a command over a connection of its own.
func exec(ctx context.Context, d runner.Dialer, h inventory.Host, cmd string, s runner.Stdio) error {
	c, err := d.Dial(ctx, h)
	if err != nil {
		return fmt.Errorf("dialling: %w", err)
	}
	return c.Exec(ctx, cmd, s)
}

// withEnv adds an environment for the tool on the host.
type withEnv struct {
	runner.Dialer
	env []string
}

func (w withEnv) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := w.Dialer.Dial(ctx, h)
	return envConn{c, w.env}, err
}

type envConn struct {
	runner.Conn
	env []string
}

func (c envConn) Unwrap() runner.Conn { return c.Conn }

func (c envConn) Exec(ctx context.Context, cmd string, s runner.Stdio) error {
	s.Env = append(s.Env, c.env...)
	return c.Conn.Exec(ctx, cmd, s)
}

func tries(t *testing.T, count string) int {
	t.Helper()
	text, err := os.ReadFile(count)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

func TestConn(t *testing.T) {
	for _, kind := range []string{"nopass", "password", "rs"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			connsuite.Run(t, func(t *testing.T) (runner.Dialer, inventory.Host) {
				d, h, _ := host(t, kind, become.NewPassword("right"))
				return d, h
			})
		})
	}
}

// TestEscalation: every way in which sudo lets a command begin, or does not. The command always gets its own input.
func TestEscalation(t *testing.T) {
	for _, tt := range []struct {
		name, kind, password string
		tries                int
		text                 string // of the failure; empty: the command runs
		reason               runner.Reason
	}{
		{"no password wanted", "nopass", "right", 0, "", ""},
		{"no password wanted, and none there", "nopass", "", 0, "", ""},
		{"a password wanted", "password", "right", 1, "", ""},
		{"sudo-rs wraps the prompt", "rs", "right", 1, "", ""},
		{"a password wanted, and none there", "password", "", 0, "sudo: a password is required", runner.Escalation},
		{"the wrong one", "password", "wrong", 1, "wrong password for sudo", runner.Escalation},
		{"the wrong one for sudo-rs", "rs", "wrong", 1, "wrong password for sudo", runner.Escalation},
		{"the wrong one for a sudo that asks once", "once", "wrong", 1, "incorrect password", runner.Escalation},
		{"not in sudoers", "stranger", "right", 1, "demo is not in the sudoers file.", runner.Escalation},
		{"a terminal wanted", "tty", "right", 0, "you must have a tty", runner.Escalation},
		{"not installed", "missing", "right", 0, "sudo is not installed", runner.NoTool},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p *become.Password
			if tt.password != "" {
				p = become.NewPassword(tt.password)
			}
			d, h, count := host(t, tt.kind, p)
			ctx, cancel := context.WithTimeout(t.Context(), bound)
			defer cancel()
			var out, errs bytes.Buffer
			input := strings.Repeat("right\nwrong\n", 1000)
			err := exec(ctx, wrap.Dialer{Inner: d}, h, `cat; echo "$TOKEN" >&2; exit 3`, runner.Stdio{In: strings.NewReader(input), Size: int64(len(input)), Out: &out, Err: &errs,
				Secrets: []string{"TOKEN=secret"}, Grace: inventory.Duration(time.Second)})
			status, reason := runner.StatusOf(err)
			if tt.text == "" {
				if reason != runner.ExitStatus || out.String() != input || errs.String() != "secret\n" {
					t.Errorf("%v, %d bytes of output, stderr %q; want exit 3, the %d bytes of the input and the secret", err, out.Len(), errs.String(), len(input))
				}
			} else if status != runner.Failed || reason != tt.reason || !strings.Contains(err.Error(), tt.text) || out.Len() > 0 {
				t.Errorf("%s(%s) %v, want %q", status, reason, err, tt.text)
			}
			if n := tries(t, count); n != tt.tries {
				t.Errorf("a password was given %d times, want %d", n, tt.tries)
			}
		})
	}
}

// TestNoSuchUser: that the host does not know the user is told apart from a tool that refuses, whatever the tool says.
func TestNoSuchUser(t *testing.T) {
	for user, want := range map[string]runner.Reason{"no such user": runner.NoUser, "daemon": runner.Escalation} {
		for _, kind := range []string{"password", "tty"} {
			d, h, _ := host(t, kind, nil)
			h.Connection.BecomeUser = user
			err := exec(t.Context(), d, h, "true", runner.Stdio{})
			if status, reason := runner.StatusOf(err); status != runner.Failed || reason != want || want == runner.NoUser && err.Error() != "there is no user no such user" {
				t.Errorf("%s, to be %s: %s(%s) %v, want failed(%s)", kind, user, status, reason, err, want)
			}
		}
	}
}

// TestUnknownMethod: a tool that is none does not become a part of a command line.
func TestUnknownMethod(t *testing.T) {
	yes := true
	h := inventory.Host{Name: "h", Connection: inventory.Connection{Become: &yes, BecomeMethod: "su"}}
	c, err := become.Dialer{Inner: &connsuite.Fake{}}.Dial(t.Context(), h)
	if status, _ := runner.StatusOf(err); status != runner.Error || c != nil {
		t.Errorf("%v, %v, want an error", c, err)
	}
}

// TestLoginRunsNothing: where the login itself runs something else, as a shell for accounts that nobody may use does, the
// tool was not asked, and is not to blame.
func TestLoginRunsNothing(t *testing.T) {
	exit1 := &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1, Err: errors.New("exit 1")}
	for end, want := range map[error]string{exit1: "exit 1", nil: "exit 0"} {
		fake := &connsuite.Fake{Exec: func(_ context.Context, _ inventory.Host, _ string, s runner.Stdio) error {
			io.WriteString(s.Err, "This account is currently not available.\n")
			return end
		}}
		h := inventory.Host{Connection: inventory.Connection{Become: new(true), BecomeUser: "no such user"}}
		var errs strings.Builder
		err := exec(t.Context(), become.Dialer{Inner: fake}, h, "true", runner.Stdio{Err: &errs})
		if status, _ := runner.StatusOf(err); status != runner.Error || !strings.HasPrefix(err.Error(), "the host did not run what it was sent, and ended with "+want) || errs.String() != "This account is currently not available.\n" {
			t.Errorf("%v: %s, %v, and stderr %q", end, status, err, errs.String())
		}
	}
}

// TestNotSent: an error on our side, because of which the host was sent nothing, stays what it is.
func TestNotSent(t *testing.T) {
	notSent := &runner.Failure{Status: runner.Error, Err: errors.New("the command is too long to be sent bare")}
	fake := &connsuite.Fake{Exec: func(context.Context, inventory.Host, string, runner.Stdio) error { return notSent }}
	h := inventory.Host{Connection: inventory.Connection{Become: new(true), BecomeUser: "root"}}
	if err := exec(t.Context(), become.Dialer{Inner: fake}, h, "true", runner.Stdio{}); err != notSent {
		t.Errorf("%v, want %v", err, notSent)
	}
}

// TestAWrongPasswordIsGivenUp gives a password to twenty hosts: a wrong one is tried once in all, or three times where
// sudo ends without asking again, and a right one on every host.
func TestAWrongPasswordIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		kind, secret string
		want         int
	}{{"password", "wrong", 1}, {"once", "wrong", 3}, {"password", "right", 20}} {
		p := become.NewPassword(tt.secret)
		d, h, count := host(t, tt.kind, p)
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				err := exec(ctx, d, h, "true", runner.Stdio{Grace: inventory.Duration(time.Second)})
				if _, reason := runner.StatusOf(err); (reason == runner.Escalation) != (tt.secret == "wrong") {
					t.Errorf("the %s password: %v", tt.secret, err)
				}
			})
		}
		wg.Wait()
		if n := tries(t, count); n != tt.want {
			t.Errorf("the %s password was given %d times to sudo of the kind %q, want %d", tt.secret, n, tt.kind, tt.want)
		}
	}
}

// TestTheTurnEndsWithTheFirst: when a host has accepted the password, those who wait for their turn all get it at once.
func TestTheTurnEndsWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &connsuite.Fake{Exec: func(ctx context.Context, _ inventory.Host, cmd string, s runner.Stdio) error {
			mark := regexp.MustCompile("\x1ehail:[A-Z2-7]+:").FindString(cmd)
			io.WriteString(s.Err, mark+"ask\x1e")
			if _, err := io.ReadFull(s.In, make([]byte, len("right\n"))); err != nil {
				return err
			}
			time.Sleep(time.Second) // sudo verifies it
			_, err := io.WriteString(s.Err, mark+"ready\x1e")
			return err
		}}
		d := become.Dialer{Inner: fake, Password: become.NewPassword("right")}
		begun := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := exec(t.Context(), d, inventory.Host{Connection: inventory.Connection{Become: new(true)}}, "true", runner.Stdio{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("20 hosts of which sudo takes a second took %v, want 2s: one second for the first, and one for the others", took)
		}
	})
}

// TestStoppedInTheLine: a command that is stopped while another host tries the password ends with the cause of the
// stop.
func TestStoppedInTheLine(t *testing.T) {
	for _, cause := range []error{runner.ErrTimeout, runner.Stopped(runner.OverBudget)} {
		ctx, stop := context.WithCancelCause(t.Context())
		tried := make(chan struct{})
		fake := &connsuite.Fake{Exec: func(ctx context.Context, h inventory.Host, cmd string, s runner.Stdio) error {
			if h.Name == "second" {
				<-tried
				stop(cause)
			}
			s.Err.Write([]byte(regexp.MustCompile("\x1ehail:[A-Z2-7]+:ask\x1e").FindString(cmd)))
			if h.Name == "first" {
				close(tried)
			}
			<-ctx.Done() // sudo ends, as its input does
			late := &runner.Failure{Status: runner.Failed, Reason: runner.ExitStatus, Exit: 1}
			return &runner.Failure{Err: fmt.Errorf("stopped: %w", context.Cause(ctx)), Late: late}
		}}
		d := wrap.Dialer{Inner: become.Dialer{Inner: fake, Password: become.NewPassword("right")}}
		var wg sync.WaitGroup
		for _, name := range []string{"first", "second"} {
			wg.Go(func() {
				err := exec(ctx, d, inventory.Host{Name: name, Connection: inventory.Connection{Become: new(true)}}, "true", runner.Stdio{})
				want, _ := runner.StatusOf(cause)
				if status, reason := runner.StatusOf(err); status != want || !errors.Is(err, cause) {
					t.Errorf("%s: %s(%s) %v, want %s", name, status, reason, err, want)
				}
			})
		}
		wg.Wait()
	}
}

// TestLateStart: a command that begins only after sudo was given up has failed(sudo), and gets no input.
func TestLateStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var input []byte
		fake := &connsuite.Fake{Exec: func(ctx context.Context, _ inventory.Host, cmd string, s runner.Stdio) error {
			nonce := regexp.MustCompile("\x1ehail:([A-Z2-7]+):").FindStringSubmatch(cmd)[1]
			<-ctx.Done()
			fmt.Fprintf(s.Err, "\x1ehail:%s:ready\x1e", nonce)
			input, _ = io.ReadAll(s.In)
			return &runner.Failure{Status: runner.Cancelled, Err: context.Cause(ctx), Remains: runner.Gone}
		}}
		h := inventory.Host{Connection: inventory.Connection{Become: new(true)}}
		err := exec(t.Context(), become.Dialer{Inner: fake}, h, "true", runner.Stdio{In: strings.NewReader("data"), Size: 4})
		if status, reason := runner.StatusOf(err); status != runner.Failed || reason != runner.Escalation || len(input) > 0 {
			t.Errorf("%s(%s): %v, and the command read %q, want failed(sudo) and no input", status, reason, err, input)
		}
	})
}

// TestNoAnswerToThePassword: also where the time is up before sudo has said what it thinks of the password, which it does
// late when that is wrong, the password is tried on three hosts, not on all.
func TestNoAnswerToThePassword(t *testing.T) {
	for name, stop := range map[string]func(ctx context.Context) (context.Context, context.CancelFunc){
		"the time of the command": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(ctx, time.Second, runner.ErrTimeout)
		},
		"the time of sudo": context.WithCancel,
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			fake := &connsuite.Fake{Exec: func(ctx context.Context, _ inventory.Host, cmd string, s runner.Stdio) error {
				io.WriteString(s.Err, regexp.MustCompile("\x1ehail:[A-Z2-7]+:ask\x1e").FindString(cmd))
				if n, _ := io.ReadFull(s.In, make([]byte, len("wrong\n"))); n > 0 {
					tries++
				}
				<-ctx.Done()
				return &runner.Failure{Err: fmt.Errorf("stopped: %w", context.Cause(ctx)), Remains: runner.Gone}
			}}
			d := become.Dialer{Inner: fake, Password: become.NewPassword("wrong")}
			for range 5 {
				ctx, end := stop(t.Context())
				if err := exec(ctx, d, inventory.Host{Connection: inventory.Connection{Become: new(true)}}, "true", runner.Stdio{}); err == nil {
					t.Errorf("%s: the command ran", name)
				}
				end()
			}
			if tries != 3 {
				t.Errorf("%s: the password was given %d times, want 3", name, tries)
			}
		})
	}
}

// reached is a Dialer to hosts that were reached in this way.
type reached struct {
	runner.Dialer
	reach runner.Reach
}

func (r reached) Dial(ctx context.Context, h inventory.Host) (runner.Conn, error) {
	c, err := r.Dialer.Dial(ctx, h)
	return reachedConn{c, r.reach}, err
}

type reachedConn struct {
	runner.Conn
	reach runner.Reach
}

func (c reachedConn) Reach() runner.Reach { return c.reach }

// TestUnverifiedHost: a host whose key was not verified gets no password; where sudo asks for none, the command runs.
func TestUnverifiedHost(t *testing.T) {
	for _, tt := range []struct {
		kind       string
		unverified bool
		tries      int
		text       string // of the failure; empty: the command runs
	}{
		{"password", false, 1, ""},
		{"password", true, 0, "the password is withheld: this host's key was not verified"},
		{"nopass", true, 0, ""},
	} {
		d, h, count := host(t, tt.kind, become.NewPassword("right"))
		b := d.(become.Dialer)
		b.Inner = reached{b.Inner, runner.Reach{Unverified: tt.unverified}}
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		err := exec(ctx, b, h, "true", runner.Stdio{Grace: inventory.Duration(time.Second)})
		if _, reason := runner.StatusOf(err); (err != nil) != (tt.text != "") || err != nil && (reason != runner.Escalation || err.Error() != tt.text) {
			t.Errorf("%s, unverified %v: (%s) %v, want %q", tt.kind, tt.unverified, reason, err, tt.text)
		}
		if n := tries(t, count); n != tt.tries {
			t.Errorf("%s, unverified %v: a password was given %d times, want %d", tt.kind, tt.unverified, n, tt.tries)
		}
	}
}

func TestHostsThatDoNotAsk(t *testing.T) {
	d, h, _ := host(t, "missing", nil)
	h.Connection.Become = nil
	if err := exec(t.Context(), d, h, "true", runner.Stdio{}); err != nil {
		t.Error(err)
	}
}
