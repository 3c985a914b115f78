package check

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hail/runner"
)

// awks returns the awks of this machine. They differ in their regular expressions, and in how they handle bytes.
func awks(t *testing.T) [][]string {
	t.Helper()
	all := [][]string{{"busybox", "awk"}}
	seen := map[string]bool{}
	for _, name := range []string{"mawk", "gawk", "original-awk", "awk"} { // awk is mostly one of the others
		at, err := exec.LookPath(name)
		if err == nil {
			at, err = filepath.EvalSymlinks(at)
		}
		if err == nil && !seen[at] {
			seen[at] = true
			all = append(all, []string{name})
		}
	}
	return all
}

// inAwk evaluates expressions in awk. The values are the attributes t0, t1 and so on.
func inAwk(t *testing.T, awk []string, values []string, expressions []string) []string {
	t.Helper()
	var in, end strings.Builder
	for i, v := range values {
		fmt.Fprintf(&in, "t%d:%x\n", i, v)
	}
	for _, e := range expressions {
		fmt.Fprintf(&end, "hopeless = 0; is = %s; print hopeless ? 0 : is\n", e)
	}
	program := filepath.Join(t.TempDir(), "judge.awk")
	if err := os.WriteFile(program, []byte(judgeLibrary+"END {\n"+end.String()+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said := strings.Split(strings.TrimSuffix(output(t, in.String(), append(awk, "-f", program)...), "\n"), "\n")
	if len(said) != len(expressions) {
		t.Fatalf("%v: %d answers of %d", awk, len(said), len(expressions))
	}
	return said
}

const outOfTime = "out of time\n"

// output returns what a program prints for an input. Exit status 1, as of a grep that finds nothing, is not an error.
func output(t *testing.T, in string, words ...string) string {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env, cmd.Stdin = append(os.Environ(), "LC_ALL=C"), strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 124 {
		return outOfTime
	}
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%v: %v\n%.2000s", words, err, out)
	}
	return string(out)
}

var judgedTexts = []string{"", "a", "ok", "OK\n", "line one\nline two", "one\n\ntwo\n", "é", "aé€😀z", "\xff", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "tab\there", "a\x00b", "$(id) `x` \\ \"q\" 'p'",
	"v1.2.3", "nginx/1.18.0 (Ubuntu)", "1:8.4p1-5+deb11u3", "5.15.0-91-generic", "2", "10.0", "no version", "x86_64 3.4", "1.2.3.4", ".5", "v1:2", " v3:96", ".v3:96", "3:v2.0", "v1:v2", "015.0.3", "0.010.1", "1.0.018", "000", "00:07", "1..9", "1.9.9", "ſ", "K", "foo.bar", "/etc/passwd", strings.Repeat("long ", 3000)}

// TestMatchersOnHost: every matcher gives the same result on the host as here.
func TestMatchersOnHost(t *testing.T) {
	is := func(o string, want any, of ...Matcher) Matcher { return Matcher{o, want, of} }
	number := func(o string, n float64) Matcher { return is(o, n) }
	matchers := []Matcher{is(equals, "ok"), is(equals, ""), is(equals, "a\x00b"), is(equals, "é"), is(oneOf, []any{"a", "", "2"}), is(contains, "line"), is(contains, ""), is(contains, "\x82"),
		is(contains, []any{"o", "t"}), is(contains, []any{"$(id)", "\\ \""}), is(length, nil, number(equals, 1)), is(length, nil, number(equals, 3)), is(length, nil, is(allOf, nil, number(more, 1), number(atMost, 15000))),
		is(not, nil, is(contains, "o")), is(anyOf, nil, is(equals, "a"), is(matches, "^l")), is(allOf, nil, is(contains, "e"), is(not, nil, is(contains, "two"))), is(not, nil, is(matches, `^"?\w*$`))}
	for _, v := range []string{">=1.2", "<2", ">=1.2, <3", "^1.2", "~1.2.3", "1.x", "*", "!=2", "1.2 - 3", ">1 || <0.5", "=1.18.0", ">5.15", "<=10", ">=8.4", "^0.0.3", "~0", ">=14", "<0.9", ">=1.0.15"} {
		matchers = append(matchers, is(version, v))
	}
	for _, v := range []string{">=1.2", "^1.2", ">1 || <0.5"} {
		matchers = append(matchers, is(not, nil, is(version, v)))
	}
	newer, two, letter := is(version, ">=1.2"), is(equals, "2"), is(contains, "a") // the first can't be told of most texts
	for _, any := range []Matcher{is(anyOf, nil, newer, letter), is(anyOf, nil, letter, newer), is(anyOf, nil, newer, is(not, nil, letter), two), is(anyOf, nil, newer, is(anyOf, nil, newer, two))} {
		matchers = append(matchers, any, is(not, nil, any), is(allOf, nil, any, is(not, nil, two)), is(anyOf, nil, is(allOf, nil, any, newer), letter))
	}
	var expressions, names, want []string
	for _, m := range matchers {
		test, err := m.compile(text)
		if err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		for i, v := range judgedTexts {
			e, err := m.awk(attributeOf(fmt.Sprint("t", i), text))
			if err != nil {
				t.Fatalf("%v: %v", m, err)
			}
			verdict := "0"
			if ok, _, err := test(t.Context(), v); ok && err == nil {
				verdict = "1"
			}
			expressions, want, names = append(expressions, e), append(want, verdict), append(names, fmt.Sprintf("%v of %.50q", m, v))
		}
	}
	for _, awk := range awks(t) {
		for i, is := range inAwk(t, awk, judgedTexts, expressions) {
			if is != want[i] {
				t.Errorf("%v: %s: %s, want %s: %s", awk, names[i], is, want[i], expressions[i])
			}
		}
	}
}

// TestTorturePatternsOnHost: on the host, a regular expression finds the same as in Go, or it is refused.
func TestTorturePatternsOnHost(t *testing.T) {
	patterns := []string{"ok", "^ok$", "(?i)ok", "(?m)^line two$", "(?m)^$", "(?m)two$", "^$", ".", "^.$", "^..$", "^...$", "^[^a]$", `\d+`, `^\w+$`, `\S\s\S`, `[[:upper:]]`, "(?s)one.*two", "one.*two", "a|ok|é", "(a)?(b)*", "^(?:a|)$",
		"[é€]", "l.{3}long", "(line ){1,2}", "x*?", `\.bar$`, "[/.]", `"q"`, `\\`, `\x00`, "(?i)k", "(?i)s", "[^\n]$", "^(?:line|one)", "(?m)^(line|one)", "$^", `[0-9]{1,3}(\.[0-9]{1,3}){3}`, `\Aok\z`}
	for _, p := range patterns {
		if _, err := wordPattern(p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	for p, words := range map[string]string{`\bok`: "not supported", "(?m)a\n^b": "(?m)", `\pL`: "too many non-ASCII characters", "(([a-z0-9é]{200}){4})": "too large"} {
		if _, err := wordPattern(p); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %s", p, err, words)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	atoms := []string{"a", "b", "é", ".", "[ab]", "[^a]", `\d`, `\w`, `\W`, `\s`, "^", "$", "(?:)", "(?i:A)", "(?s:.)", "\n", "[^\n]", "[a-é]"}
	var build func(depth int) string
	build = func(depth int) string {
		if depth == 0 || random.IntN(4) == 0 {
			return atoms[random.IntN(len(atoms))]
		}
		switch random.IntN(6) {
		case 0:
			return "(" + build(depth-1) + "|" + build(depth-1) + ")"
		case 1:
			return "(" + build(depth-1) + ")" + []string{"*", "+", "?", "*?", "{2}", "{0,2}", "{1,}"}[random.IntN(7)]
		}
		return build(depth-1) + build(depth-1)
	}
	many := 60
	if os.Getenv("HAIL_TORTURE") != "" {
		many = 1000
	}
	for range many {
		p := []string{"", "", "(?m)", "(?m)^"}[random.IntN(4)] + build(4)
		_, err1 := regexp.Compile(p)
		if _, err2 := wordPattern(p); err1 == nil && err2 == nil {
			patterns = append(patterns, p)
		}
	}
	texts := append(slices.Clone(judgedTexts), "a\xffb", "aé\xc3")
	letters := []rune("aabbé1 \n_A")
	for range 30 {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		texts = append(texts, b.String())
	}
	var runes []string
	for i := range texts {
		runes = append(runes, fmt.Sprintf("runes(text(\"t%d\"))", i))
	}
	lines := ""
	for _, awk := range awks(t) {
		was := lines
		if lines = strings.Join(inAwk(t, awk, texts, runes), "\n") + "\n"; was != "" && was != lines {
			t.Errorf("%v: the texts have other characters than in the awk before:\n%s%s", awk, was, lines)
		}
	}
	late := 0
	for _, p := range patterns {
		written, _ := wordPattern(p)
		re := regexp.MustCompile(p)
		for _, grep := range [][]string{{"grep"}, {"busybox", "grep"}} {
			found := "\n" + output(t, lines, append(append([]string{"timeout", "5"}, grep...), "-E", "-n", "-e", written)...)
			if strings.HasSuffix(found, outOfTime) {
				late++ // a check that takes too long fails anyway
				continue
			}
			for i, v := range texts {
				if want := re.MatchString(v); strings.Contains(found, fmt.Sprintf("\n%d:", i+1)) != want {
					t.Errorf("%v: %q in %.50q: %v, want %v: %s", grep, p, v, !want, want, written)
				}
			}
		}
	}
	if late > len(patterns)/100+1 {
		t.Errorf("%d of %d patterns take too long", late, len(patterns))
	}
}

// TestCompileAgain: a suite that is compiled again still has one test for each check.
func TestCompileAgain(t *testing.T) {
	s := Suite{Checks: []Check{{Check: runner.Check{ID: "a", Type: "file"}}, {Check: runner.Check{ID: "b", Type: "file"}}}}
	for range 2 {
		if err := s.Compile(); err != nil || len(s.tests) != len(s.Checks) {
			t.Fatalf("%d checks have %d tests, %v", len(s.Checks), len(s.tests), err)
		}
	}
}
