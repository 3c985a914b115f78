package action_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action"
	"hail/runner/become"
	"hail/runner/hosttest"
	"hail/runner/local"
	"hail/runner/wrap"
)

// sudoPlay asks for a password as sudo does, and then runs the command.
const sudoPlay = `#!/bin/sh
[ "$1" != -n ] || { echo "sudo: a password is required" >&2; exit 1; }
prompt= 
while [ "$1" != -- ]; do
	[ "$1" != -p ] || prompt=$2
	shift
done
shift
printf %s "$prompt" >&2
IFS= read -r password
[ "$password" = right ] && exec "$@"
exit 1
`

// TestTortureAnyBytesArrive sends texts of any bytes but NUL, 10,000 in its long form, to commands in every way there is,
// through several login shells, as the login user and through sudo with a password.
func TestTortureAnyBytesArrive(t *testing.T) {
	const chunk = 200
	bin := t.TempDir()
	hosttest.Program(t, filepath.Join(bin, "sudo"), sudoPlay)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	shells := [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}, {"mksh"}}
	rounds := 2
	if os.Getenv("HAIL_TORTURE") != "" {
		rounds = 10_000 / chunk / len(shells)
	}
	for i, shell := range shells {
		path, err := exec.LookPath(shell[0])
		if err != nil {
			t.Fatalf("%v: make tools installs the shells that the tests need", err)
		}
		if len(shell) > 1 {
			link := filepath.Join(t.TempDir(), shell[1])
			if err := os.Symlink(path, link); err != nil {
				t.Fatal(err)
			}
			path = link
		}
		for _, sudo := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/sudo=%v", shell[0], sudo), func(t *testing.T) {
				h := inventory.Host{Name: "here", Connection: inventory.Connection{Shell: path, Become: &sudo}}
				d := wrap.Dialer{Inner: become.Dialer{Inner: local.Dialer{}, Password: become.NewPassword("right")}}
				random := rand.New(rand.NewPCG(uint64(i), 1))
				for range rounds {
					anyBytesArrive(t, d, h, randomTexts(random, chunk))
				}
			})
		}
	}
}

func anyBytesArrive(t *testing.T, d runner.Dialer, h inventory.Host, want []string) {
	t.Helper()
	h.Vars = map[string]any{}
	var places, env, variables []string
	for i, s := range want {
		h.Vars[fmt.Sprintf("v%d", i)] = s
		places = append(places, fmt.Sprintf("{{.vars.v%d}}", i))
		env = append(env, fmt.Sprintf("V%d=%s", i, s))
		variables = append(variables, fmt.Sprintf(`"$V%d"`, i))
	}
	script, text, err := action.NewScript("show", []byte("#!"+h.Connection.Shell+"\n"+`printf '%s\0' "$@"`), "", want)
	if err != nil {
		t.Fatal(err)
	}
	const show = `printf '%s\0' `
	for way, spec := range map[string]runner.Spec{
		"words":       action.Exec{Line: runner.Text(runner.QuoteWords(append([]string{"printf", `%s\0`}, want...)))}.Spec(),
		"template":    action.Exec{Line: runner.Text(show + strings.Join(places, " ")), Template: true}.Spec(),
		"environment": action.Exec{Line: runner.Text(show + strings.Join(variables, " ")), Surroundings: action.Surroundings{Env: runner.Texts(env)}}.Spec(),
		"script":      script.Spec(),
	} {
		a, err := action.New(spec, only(text))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		conn, err := d.Dial(ctx, h)
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if err := a.Do(ctx, &runner.Target{Host: h, Conn: conn, Out: &out, Err: &errs}); err != nil {
			t.Fatalf("%s: %v\n%s", way, err, errs.String())
		}
		conn.Close()
		got := strings.Split(strings.TrimSuffix(out.String(), "\x00"), "\x00")
		if len(got) != len(want) {
			t.Fatalf("%s: %d texts came back, want %d", way, len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q came back as %q", way, want[i], got[i])
			}
		}
	}
}

// randomTexts returns texts of up to 40 bytes. About half of them consist of bytes with a meaning in shells.
func randomTexts(random *rand.Rand, n int) (all []string) {
	const special = "'\"\\`$!#*?~<>|&;(){}[]^%=-\n\r\t \x1b\x7f\x80\xffab"
	for range n {
		b := make([]byte, random.IntN(41))
		meant := random.IntN(2) == 0
		for i := range b {
			if b[i] = byte(1 + random.IntN(255)); meant {
				b[i] = special[random.IntN(len(special))]
			}
		}
		all = append(all, string(b))
	}
	return all
}
