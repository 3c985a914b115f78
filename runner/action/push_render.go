package action

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"text/template"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/action/fill"
)

// Content is what a push sends: in memory, or in a file of ours.
type Content struct {
	Digest string
	Size   int64
	Bytes  []byte
	Path   string // of the file that has it; empty: Bytes has
	Secret bool   // never recorded
}

// Render makes a push of specs for hosts: every content for every host, so that whatever is wrong shows before any of them is
// reached. Equal contents are one. choose says which hosts a target expression means, and secret are the patterns of the names of
// secret vars: a content that has the value of one is secret.
func Render(specs []*PushSpec, hosts []inventory.Host, choose func(expr string) (map[string]bool, error), secret []string) (Push, []Content, error) {
	r := renderer{contents: map[string]*Content{}, secret: secret, templates: map[string]*template.Template{}, sources: map[string]string{}}
	p := Push{Of: map[string]int{}}
	known := map[string]int{}
	meant := map[string]map[string]bool{}
	var health []check.Check
	for _, s := range specs {
		p.Check, p.Handlers, health = append(p.Check, s.Validate...), append(p.Handlers, s.Handlers...), append(health, s.Health...)
		p.Keep, p.Backup = p.Keep || s.Keep, max(p.Backup, s.Backup)
		for _, f := range s.Files {
			if f.When == "" || meant[f.When] != nil {
				continue
			}
			chosen, err := choose(f.When)
			if err != nil {
				return p, nil, &inventory.Error{Place: f.Place, Text: "when: " + err.Error()}
			}
			meant[f.When] = chosen
		}
	}
	same := map[*PushFile]Manifest{} // what is the same for all hosts
	isMeant := func(f *PushFile, host string) bool { return f.When == "" || meant[f.When][host] }
	if err := p.tryCommands(specs, hosts, isMeant, secret); err != nil {
		return p, nil, err
	}
	if err := p.aimHealth(health, hosts, choose, secret); err != nil {
		return p, nil, err
	}
	for i, h := range hosts {
		var parts []Manifest
		var key strings.Builder
		for j, s := range specs {
			for k := range s.Files {
				f := &s.Files[k]
				if !isMeant(f, h.Name) {
					continue
				}
				part, known := same[f]
				if !known {
					if err := r.file(&part, *f, h, i); err != nil {
						return p, nil, &inventory.Error{Place: f.Place, Text: err.Error()}
					}
				}
				parts = append(parts, part)
				if !f.Template {
					same[f] = part
					fmt.Fprintf(&key, "%d.%d\n", j, k)
					continue
				}
				text, err := json.Marshal(part)
				if err != nil {
					return p, nil, err
				}
				key.Write(text)
			}
		}
		which, ok := known[key.String()]
		if !ok {
			var m Manifest
			for _, part := range parts {
				m.Items, m.Deletes = append(m.Items, part.Items...), append(m.Deletes, part.Deletes...)
			}
			if err := distinct(m.Items); err != nil {
				return p, nil, fmt.Errorf("%s: %w", h.Name, err)
			}
			which = len(p.Manifests)
			known[key.String()] = which
			p.Manifests = append(p.Manifests, m)
		}
		p.Of[h.Name] = which
	}
	var contents []Content
	for _, c := range r.contents {
		contents = append(contents, *c)
		if c.Secret {
			if p.Private == nil {
				p.Private = map[string]string{}
			}
			p.Private[c.Digest] = c.Path
		}
	}
	slices.SortFunc(contents, func(a, b Content) int { return strings.Compare(a.Digest, b.Digest) })
	return p, contents, nil
}

func distinct(items []Item) error {
	seen := map[runner.Text]ItemKind{}
	for _, i := range items {
		if was, ok := seen[i.Path]; ok && (was != Folder || i.Kind != Folder) {
			return fmt.Errorf("%s is pushed twice", i.Path)
		}
		seen[i.Path] = i.Kind
	}
	return nil
}

type renderer struct {
	secret    []string
	contents  map[string]*Content // by digest
	templates map[string]*template.Template
	sources   map[string]string // digests of files, by path
}

// file adds what f means for a host to its manifest.
func (r *renderer) file(m *Manifest, f PushFile, h inventory.Host, index int) error {
	item := Item{Path: runner.Text(f.Dest), Mode: f.Mode, Owner: f.Owner, Group: f.Group, Check: f.Validate, Notify: f.Notify, Link: f.Symlink, Secret: f.Secret}
	switch {
	case f.Absent:
		item.Kind, item.Mode, item.Owner, item.Group = Absent, 0, "", ""
	case f.Folder:
		item.Kind = Folder
	case f.Target != "":
		item.Kind, item.Target, item.Mode = Link, runner.Text(f.Target), 0
	case f.Content != nil:
		return r.content(m, item, f, "content", []byte(*f.Content), h, index)
	case strings.HasSuffix(f.Src, "/"):
		return r.tree(m, item, f, h, index)
	default:
		return r.source(m, item, f, f.Src, h, index)
	}
	m.Items = append(m.Items, item)
	return nil
}

// source adds the file at a path of ours.
func (r *renderer) source(m *Manifest, item Item, f PushFile, from string, h inventory.Host, index int) error {
	if f.Template {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return r.content(m, item, f, from, text, h, index)
	}
	if r.sources[from] == "" {
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("%s is a directory: with a slash behind it, what is in it is pushed", from)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file", from)
		}
		digest, size, err := digestOf(from)
		if err != nil {
			return err
		}
		r.sources[from] = digest
		r.keep(Content{Digest: digest, Size: size, Path: from, Secret: f.Secret})
	}
	c := r.contents[r.sources[from]]
	c.Secret = c.Secret || f.Secret
	item.Kind, item.Digest, item.Size = File, c.Digest, c.Size
	m.Items = append(m.Items, item)
	return nil
}

func digestOf(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	d := runner.DigestWriter{W: io.Discard}
	if _, err := io.Copy(&d, f); err != nil {
		return "", 0, err
	}
	return d.Digest(), d.Size, nil
}

func (r *renderer) keep(c Content) {
	if was := r.contents[c.Digest]; was != nil {
		was.Secret = was.Secret || c.Secret
		return
	}
	r.contents[c.Digest] = &c
}

// content adds a file whose content is text, or what a template makes of it.
func (r *renderer) content(m *Manifest, item Item, f PushFile, name string, text []byte, h inventory.Host, index int) error {
	if f.Template {
		made, err := r.render(name, text, h, index)
		if err != nil {
			return err
		}
		if bare := h.Redact(r.secret); !item.Secret && !reflect.DeepEqual(bare.Vars, h.Vars) {
			shown, err := r.render(name, text, bare, index)
			item.Secret = err != nil || !bytes.Equal(made, shown)
		}
		text = made
	}
	item.Kind, item.Digest, item.Size = File, runner.Digest(text), int64(len(text))
	r.keep(Content{Digest: item.Digest, Size: item.Size, Bytes: text, Secret: item.Secret})
	m.Items = append(m.Items, item)
	return nil
}

func (r *renderer) render(name string, text []byte, h inventory.Host, index int) ([]byte, error) {
	key := name + "\x00" + string(text)
	t := r.templates[key]
	if t == nil {
		var err error
		if t, err = template.New(filepath.Base(name)).Option("missingkey=error").Funcs(fileFuncs).Parse(string(text)); err != nil {
			return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
		}
		r.templates[key] = t
	}
	var b bytes.Buffer
	if err := t.Execute(&b, fill.Data(h, index)); err != nil {
		return nil, fmt.Errorf("for %s: %s", h.Name, fill.Why(err))
	}
	return b.Bytes(), nil
}

// fileFuncs are what templates of files may call beside what text/template has.
var fileFuncs = template.FuncMap{
	"quote": func(v any) string { return runner.Quote(inventory.ValueText(v)) },
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
	"join":  func(sep string, list []any) string { return strings.Join(valueTexts(list), sep) },
	"lower": strings.ToLower,
	"upper": strings.ToUpper,
	"indent": func(n int, text string) string {
		return strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))
	},
	"default": func(otherwise, v any) any {
		if v == nil || v == "" {
			return otherwise
		}
		return v
	},
}

func valueTexts(list []any) (texts []string) {
	for _, v := range list {
		texts = append(texts, inventory.ValueText(v))
	}
	return texts
}

// tree adds what is in a folder of ours. What the spec says of mode goes for files; where it says nothing, files and folders have
// their own.
func (r *renderer) tree(m *Manifest, base Item, f PushFile, h inventory.Host, index int) error {
	root := f.Src
	if f.Delete != "none" {
		m.Deletes = append(m.Deletes, Prune{Path: base.Path, All: f.Delete == "all", Most: f.MaxDelete})
	}
	return filepath.WalkDir(root, func(from string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, from)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		item := base
		item.Path = runner.Text(path.Join(string(base.Path), filepath.ToSlash(below)))
		if err := CheckDest(string(item.Path)); err != nil {
			return err
		}
		switch {
		case d.IsDir():
			item.Kind, item.Check, item.Mode = Folder, "", int(info.Mode().Perm())
			if below == "." {
				item.Mode = 0 // of a folder that may be there already
			}
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(from)
			if err != nil {
				return err
			}
			item.Kind, item.Target, item.Mode, item.Check = Link, runner.Text(target), 0, ""
		case d.Type().IsRegular():
			if item.Mode == 0 {
				item.Mode = int(info.Mode().Perm())
			}
			return r.source(m, item, f, from, h, index)
		default:
			return fmt.Errorf("%s is no file, directory or link", from)
		}
		m.Items = append(m.Items, item)
		return nil
	})
}
