package sshconfig

import (
	"errors"
	"maps"
	"slices"
	"strconv"
)

// OptionKeys returns the keywords that an option can have, in lower case and sorted, without those that ssh has renamed.
func OptionKeys() []string {
	return slices.Sorted(maps.Keys(optionKeys))
}

// IsOptionKey reports whether an option can have a keyword, perhaps one that ssh has renamed.
func IsOptionKey(keyword string) bool { return optionKeys[newName(keyword)] }

var optionKeys = func() map[string]bool {
	all := maps.Clone(ignored)
	for k := range keywords {
		all[k] = true
	}
	return all
}()

// CheckOption returns an error if an option with this keyword cannot have this value.
func CheckOption(keyword, value string) error {
	l := loader{c: &Config{}}
	_, err := l.option("the option", keyword+"="+value)
	if wrong, ok := errors.AsType[*Error](err); ok {
		return errors.New(wrong.Text)
	}
	return err
}

// option reads one option, Key=Value or Key Value; from says where it comes from.
func (l *loader) option(from, text string) (directive, error) {
	keyword, rest := cutKeyword(text)
	d := directive{keyword: newName(keyword), rest: rest, file: from + " " + strconv.Quote(text)}
	if keyword == "" || rest == "" {
		return d, d.fail("an option has the form Key=Value")
	}
	var err error
	if d.args, err = splitArgs(rest); err != nil {
		return d, d.fail(err.Error())
	}
	if d.keyword == "host" || d.keyword == "match" || d.keyword == "include" {
		return d, d.fail(d.keyword + " is not allowed in an option")
	}
	return d, l.check(d)
}
