package fill

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// mistake is what is wrong with a template.
type mistake string

func (m mistake) Error() string { return string(m) }

// syntax returns what is wrong with a template that can't be parsed.
func syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "template: ")
	if before, ok := strings.CutSuffix(text, ": unexpected EOF"); ok {
		return mistake(before + ": an {{end}} is missing")
	}
	if before, ok := strings.CutSuffix(text, " not defined"); ok {
		return mistake(before + " is not defined: names begin with a dot, as in {{.host}} and {{.vars.NAME}}")
	}
	text = strings.Replace(text, "malformed character constant: ", "a text has double quotes, unlike ", 1)
	m := misplaced.FindStringSubmatch(text)
	if m == nil {
		return mistake(text)
	}
	text = strings.TrimSuffix(text, m[0]) + strconv.Quote(m[1]) + " can't stand here"
	for _, other := range instead {
		if strings.Contains(other.of, m[1][:1]) {
			text += ": " + other.write
		}
	}
	return mistake(text)
}

// misplaced finds what can't stand where it does.
var misplaced = regexp.MustCompile(`(?:bad character U\+[0-9A-F]+ |unexpected |illegal number syntax: )["'<]?(.+?)["'>]?(?: in (?:operand|command))?$`)

// instead is what to write for what other languages of templates have, by its first character.
var instead = []struct{ of, write string }{
	{"=!<>&", `a comparison is a function, as in {{if eq .vars.a "b"}}`},
	{"+~", `texts are joined by standing side by side, as in {{.host}}.lan`},
	{"(,", `what a function takes follows it, as in {{join ", " .groups}}`},
	{"[-.", `{{index .vars "a-b"}} takes any name, and {{index .vars.list 0}} a place`},
}

var templateFailed = regexp.MustCompile(`<(?:(?:quote|within|plain) \(([^<>]*)\)|([^<>]*))>: (?:error calling \w+: )?(.*)$`)

// Why returns what was wrong with a template for a host, without the positions that text/template adds and the functions
// that this package wraps around values.
func Why(err error, h inventory.Host) error {
	m := templateFailed.FindStringSubmatch(err.Error())
	if m == nil {
		return mistake(strings.TrimPrefix(err.Error(), "template: "))
	}
	name, why := m[1]+m[2], m[3]
	place := "{{" + strings.ReplaceAll(name, ifAny+" ", "index ") + "}}"
	if n := indexed.FindStringSubmatch(m[2]); n != nil { // as allowUndefined writes a name
		return mistake("{{" + strings.TrimSuffix(n[1], ".") + "." + n[2] + "}}: there is no " + n[2] + " in it")
	}
	if n := lacking.FindStringSubmatch(why); n != nil && strings.HasPrefix(name+".", "."+n[1]+".") {
		if _, top := Data(inventory.Host{}, 0)[n[1]]; top {
			return mistake(place + " is not defined inside range and with, where it is {{$" + name + "}}")
		}
	}
	if strings.HasPrefix(why, "map has no entry") {
		return mistake(place + " is not defined" + meant(name, h))
	}
	if strings.HasSuffix(why, " is not a method but has arguments") {
		return mistake(place + ": only a function takes what follows it, as in {{if and .vars.a .vars.b}}")
	}
	return mistake(place + ": " + noField.ReplaceAllString(why, "there is no $1 in it"))
}

// At returns err, of a command or text in a file, as an error at its place there. Every {{ in such a file begins what is
// filled in, also where it is meant for a command like docker inspect -f: the hint says what to do then.
func At(place inventory.Place, err error) error {
	wrong := &inventory.Error{Place: place, Text: err.Error()}
	if m, ok := errors.AsType[mistake](err); ok {
		if blamed, _, _ := strings.Cut(string(m), "}}"); !strings.Contains(blamed, "{{.vars.") {
			wrong.Hint = "to have {{ in it for something else, write {{`{{` | raw}}" // with quotes that YAML leaves alone
		}
	}
	return wrong
}

// Where returns the name and line of a template where err is, followed by a colon and a space; nothing if that is not known.
func Where(err error) string {
	if m := executing.FindStringSubmatch(err.Error()); m != nil {
		return m[1] + ": "
	}
	return ""
}

var executing = regexp.MustCompile(`^template: (.*?:\d+):\d+: executing `)

var indexed = regexp.MustCompile(`^` + ifAny + ` (\S+) "([^"]+)"$`)

// lacking finds what dot has not got.
var lacking = regexp.MustCompile(`^(?:map has no entry for key "|can't evaluate field )([^" ]+)`)

var noField = regexp.MustCompile(`^can't evaluate field (\S+) in type .*$`)

// meant says what was probably meant by a place that names nothing, like .Host, .role or .vars.rol; nothing if that is not
// known.
func meant(place string, h inventory.Host) string {
	name, of, _ := strings.Cut(strings.TrimPrefix(place, "."), ".")
	names := slices.Sorted(maps.Keys(Data(h, 0)))
	variable := name
	if name == "vars" {
		variable = of
	}
	if key, _ := inventory.AnsibleSetting(variable); slices.Contains(names, key) {
		return ": did you mean ." + key + "?"
	}
	if near := inventory.Nearest(of, slices.Sorted(maps.Keys(h.Vars))); name == "vars" && near != "" && !strings.Contains(of, ".") {
		if !runner.IsVariable(near) { // which the syntax of templates has no place for
			return ": did you mean {{index .vars " + strconv.Quote(near) + "}}?"
		}
		return ": did you mean .vars." + near + "?"
	}
	if slices.Contains(names, name) || !strings.HasPrefix(place, ".") {
		return ""
	}
	if near := inventory.Nearest(name, names); near != "" {
		return ": did you mean ." + near + "?"
	}
	return ": a var is {{.vars." + name + "}}"
}
