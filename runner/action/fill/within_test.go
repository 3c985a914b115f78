package fill

import (
	"strings"
	"testing"

	"hail/inventory"
)

var evil = inventory.Host{Name: "web1", Vars: map[string]any{"x": "a b;id", "tick": "`id`", "back": `\;id`, "plain": "a"}}

// TestWithinQuotes: where quotes stand around a value, those that it needs would end them, and the shell would run a part of
// the value. A value that needs none may stand there.
func TestWithinQuotes(t *testing.T) {
	for line, refused := range map[string]bool{
		"echo %s": false, "echo 'it'%s": false, `echo "a"%s`: false, `echo \"%s`: false, `echo '\'%s`: false, "echo a#'%s": true, "x=`date` %s": false,
		"# don't\necho %s": false, "cat <<<%s": false, "echo {{if .host}}'a'{{end}}%s": false,
		`echo "$(echo %s)"`: false, `echo "$(echo $((1)) (a) "b" %s)"`: false, `echo "$(echo 'a')"%s`: false,
		"echo '%s'": true, `echo "%s"`: true, `echo "\"%s"`: true, `echo "$(echo "%s")"`: true, "echo \"`echo %s`\"": true, `echo "$(echo (a)) %s"`: true,
		"echo `echo %s`": true, `echo \%s`: true, "cat <<E\n%s\nE": true,
		"echo '{{if .host}}%s{{end}}'": true, "echo {{if .host}}'{{end}}%s": true,
	} {
		if _, err := Line(strings.Replace(line, "%s", "{{.vars.x | raw}}", 1), evil, 0); err != nil {
			t.Errorf("%s with raw: %v", line, err)
		}
		if _, err := Line(strings.Replace(line, "%s", "{{.vars.x | quote}}", 1), evil, 0); (err != nil) != refused {
			t.Errorf("%s with quote: %v", line, err)
		}
		for name, needsQuotes := range map[string]bool{"x": true, "tick": true, "back": true, "plain": false} {
			value := "{{.vars." + name + "}}"
			_, err := Line(strings.Replace(line, "%s", value, 1), evil, 0)
			if is := err != nil && strings.Contains(err.Error(), "needs quotes"); is != (refused && needsQuotes) {
				t.Errorf("%s with %s: %v", line, evil.Vars[name], err)
			}
		}
	}
}
