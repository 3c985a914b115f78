package push

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/fill"
)

// content adds a file whose content is text or, if it is a template, what that renders to.
func (r *rendering) content(item Item, name string, text []byte) error {
	if r.file.Template {
		made := r.template(r.file, name, string(text), r.index)
		if made.err != nil {
			return made.err
		}
		text, item.Digest, item.Secret = made.text, made.digest, item.Secret || made.secret
	} else {
		item.Digest = runner.Digest(text)
	}
	item.Kind, item.Size = File, int64(len(text))
	r.keep(Content{Digest: item.Digest, Size: item.Size, Bytes: text, Secret: item.Secret})
	r.Items = append(r.Items, item)
	return nil
}

// made is what a template renders to for a host.
type made struct {
	text   []byte
	digest string
	secret bool // it has the value of a secret var
	err    error
}

// ahead is a template, and what it has rendered for a block of hosts.
type ahead struct {
	t    *template.Template
	err  error // of the template itself
	from int   // where the block begins
	made []made
}

// blockOfHosts is how many hosts are rendered at once: enough for all cores, and few in case the first of them fails.
const blockOfHosts = 256

// template returns the content of a file for a host. The other hosts of its block are rendered along with it, on all
// cores.
func (r *renderer) template(f *FileSpec, name, text string, index int) made {
	key := fmt.Sprintf("%s\x00%s\x00%s", f.When, name, text)
	a := r.templates[key]
	if a == nil {
		a = &ahead{}
		if a.err = notJinja(name, text); a.err == nil {
			a.t, a.err = fill.Parse(name, text, fileFuncs, "plain")
		}
		r.templates[key] = a
	}
	if a.err != nil {
		return made{err: a.err}
	}
	if index < a.from || index >= a.from+len(a.made) {
		a.from = index
		a.made = make([]made, min(blockOfHosts, len(r.hosts)-index))
		var wg sync.WaitGroup
		var next atomic.Int64
		for range min(runtime.GOMAXPROCS(0), len(a.made)) {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(a.made); i = int(next.Add(1)) - 1 {
					if r.meant(f, r.hosts[index+i].Name) {
						a.made[i] = r.makeFor(a.t, index+i)
					}
				}
			})
		}
		wg.Wait()
	}
	return a.made[index-a.from]
}

var jinja = regexp.MustCompile(`\{%[-+]?\s*[a-z]{2}[^%\n]*%\}|\{#[^}]*#\}`)

// notJinja returns an error if a template has what only Jinja and its like understand: hosts would get it as it stands.
func notJinja(name, text string) error {
	at := jinja.FindStringIndex(text)
	if at == nil {
		return nil
	}
	return &inventory.Error{Place: inventory.Place{File: name, Line: 1 + strings.Count(text[:at[0]], "\n")},
		Text: text[at[0]:at[0]+2] + " is Jinja, but hail's templates are Go's",
		Hint: `{% if %} and {# … #} are {{if .vars.NAME}}…{{end}} and {{/* … */}}; for files that are to have them, write {{"{%"}} and {{"{#"}}`}
}

// makeFor renders for one host. Equal texts share their memory. It is safe for concurrent use.
func (r *renderer) makeFor(t *template.Template, index int) (m made) {
	h := r.hosts[index]
	if m.text, m.err = execute(t, h, index); m.err != nil {
		return m
	}
	if bare := h.Redact(r.secret); !reflect.DeepEqual(bare.Vars, h.Vars) {
		shown, err := execute(t, bare, index)
		m.secret = err != nil || !bytes.Equal(m.text, shown)
	}
	m.digest = runner.Digest(m.text)
	same, _ := r.texts.LoadOrStore(m.digest, m.text)
	m.text = same.([]byte)
	return m
}

func execute(t *template.Template, h inventory.Host, index int) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, fill.Data(h, index)); err != nil {
		return nil, fmt.Errorf("%sfor %s: %w", fill.Where(err), h.Name, fill.Why(err, h))
	}
	return b.Bytes(), nil
}

// fileFuncs are what templates of files may call besides what all templates may.
var fileFuncs = template.FuncMap{
	"plain": inventory.ValueText,
	"quote": func(v any) string { return runner.Quote(inventory.ValueText(v)) },
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
	"join":  join,
	"lower": strings.ToLower,
	"upper": strings.ToUpper,
	"indent": func(n int, text string) string {
		return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))
	},
}

// join joins the elements of a list in a var, or the groups.
func join(sep string, list any) (string, error) {
	texts, isTexts := list.([]string)
	values, isValues := list.([]any)
	if !isTexts && !isValues {
		return "", fmt.Errorf("%s is not a list", inventory.ValueText(list))
	}
	for _, v := range values {
		texts = append(texts, inventory.ValueText(v))
	}
	return strings.Join(texts, sep), nil
}
