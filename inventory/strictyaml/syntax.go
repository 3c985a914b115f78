package strictyaml

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	quoteFirst = "quote values that begin with @ % ` * or &"
	quoteInner = "look at the indentation, and quote values with : # [ ] { } in them"
	quotePlain = "in single quotes a backslash is only itself"
)

// wording says what the library means with a problem. With opened, the mistake is where what it was reading begins.
type wording struct {
	problem    string
	opened     bool
	text, hint string
}

var wordings = []wording{
	{"did not find expected ',' or ']'", true, "this [ is not closed, or a comma is missing in it", quoteInner},
	{"did not find expected ',' or '}'", true, "this { is not closed, or a comma is missing in it", quoteInner},
	{"found unexpected end of stream", true, "this quote is not closed", ""},
	{"found unexpected document indicator", true, "this quote is not closed", ""},
	{"could not find expected ':'", true, "this line has neither a key with a colon nor an item of a list", "a blank belongs after the colon, and after the - of an item"},
	{"mapping values are not allowed", false, "no colon is allowed here", "quote a value with a colon in it, or look for a colon or a blank that is missing above, and at the indentation"},
	{"block sequence entries are not allowed", false, "no list can begin here", "begin it on a line of its own"},
	{"did not find expected '-' indicator", false, "this is no item of the list above", quoteInner},
	{"did not find expected key", false, "this can't stand here", quoteInner},
	{"did not find expected node content", false, "a value is missing here", quoteInner},
	{"did not find expected <document start>", false, "this comes after the end of the document", quoteInner},
	{"found character that cannot start any token", false, "no value can begin with this character", quoteFirst},
	{"did not find expected alphabetic or numeric character", true, "no value can begin with this character", quoteFirst},
	{"found unknown directive name", true, "no value can begin with this character", quoteFirst},
	{"found unknown escape character", false, "this is no escape sequence", quotePlain},
	{"did not find expected hexdecimal number", false, "this is no escape sequence", quotePlain},
	{"found invalid Unicode character escape code", false, "this is no escape sequence", quotePlain},
	{"invalid ", false, "this is not UTF-8 text", "save it as UTF-8"},
	{"incomplete ", false, "this is not UTF-8 text", "save it as UTF-8"},
	{"did not find expected comment or line break", false, "the text of | or > has to begin on the next line", ""},
}

// syntaxError makes an Error of an error of the library's decoder d. The library knows where a mistake is, but says no more
// than a line, of what is around it: the place is read from inside of d.
func syntaxError(d *yaml.Decoder, err error, text []byte) *Error {
	lines := bytes.Split(text, []byte("\n"))
	if at := slices.IndexFunc(lines, func(l []byte) bool { return bytes.HasPrefix(l, []byte("<<<<<<< ")) }); at >= 0 {
		return &Error{Line: at + 1, Col: 1, Text: "a merge conflict begins here", Hint: "resolve it first"}
	}
	parser := reflect.ValueOf(d).Elem().FieldByName("parser").Elem().FieldByName("parser")
	if m := anchorOf.FindStringSubmatch(err.Error()); m != nil {
		return unknownAnchor(m[1], lines)
	}
	said := cmp.Or(parser.FieldByName("problem").String(), strings.TrimPrefix(err.Error(), "yaml: "))
	e, mark := &Error{Text: said}, parser.FieldByName("problem_mark")
	if at := slices.IndexFunc(wordings, func(w wording) bool { return strings.HasPrefix(said, w.problem) }); at >= 0 {
		w := wordings[at]
		e.Text, e.Hint = w.text, w.hint
		if w.opened {
			mark = parser.FieldByName("context_mark")
		}
	}
	e.Line, e.Col = int(mark.FieldByName("line").Int())+1, int(mark.FieldByName("column").Int())+1
	if offset := int(parser.FieldByName("problem_offset").Int()); offset > 0 { // of a character that can't be read
		before := text[:min(offset, len(text))]
		e.Line, e.Col = bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')
	}
	if e.Line <= len(lines) && bytes.HasPrefix(lines[e.Line-1][min(e.Col-1, len(lines[e.Line-1])):], []byte("\t")) {
		e.Text, e.Hint = "the indentation contains a tab", "indent with spaces"
	}
	return e
}

var anchorOf = regexp.MustCompile(`unknown anchor '(.*)' referenced$`)

// unknownAnchor is the error of a value that begins with *, and is meant as a wildcard or as an alias. The library does not
// know its place.
func unknownAnchor(name string, lines [][]byte) *Error {
	e := &Error{Line: 1, Col: 1, Text: fmt.Sprintf("there is no anchor %q", name), Hint: quoteFirst}
	for i, line := range lines {
		if at := bytes.Index(line, []byte("*"+name)); at >= 0 {
			e.Line, e.Col = i+1, at+1
			break
		}
	}
	return e
}
