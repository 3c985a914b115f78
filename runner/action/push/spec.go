package push

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner/action/check"
	"hail/runner/action/specfile"
)

// Spec is the content of a file for hail push.
type Spec struct {
	Files    []FileSpec
	Validate []string // commands that have to accept the whole
	Handlers []Handler
	Health   []check.Check
	Keep     bool
	Backup   int
	places   map[string]inventory.Place // of the commands that are templates, by their text
}

// FileSpec is one file, folder or link of a Spec.
type FileSpec struct {
	Place        inventory.Place
	Src          string // a local file or, with a slash at its end, what is in a folder
	Content      *string
	Target       string // of a link
	Dest         string
	Absent       bool
	Folder       bool // the folder itself, without contents
	Template     bool
	Literal      bool // it is said to be no template
	Mode         int  // 0: not given
	Owner, Group string
	Validate     string
	Notify       []string
	Symlink      string
	Delete       string // none, managed or all
	MaxDelete    int
	Secret       bool
	When         string // a target expression; empty: all hosts
}

// specReader reads a Spec.
type specReader struct {
	*specfile.Reader
	spec     *Spec
	notified []*strictyaml.Node // the names of handlers that files notify
}

// command notes the place of a command that has to be filled in.
func (r *specReader) command(n *strictyaml.Node, text string) {
	if strings.Contains(text, "{{") {
		r.spec.places[text] = r.Place(n)
	}
}

// ReadSpec reads a file for hail push. The error names everything that is wrong, with places. A relative src is
// looked up next to the file.
func ReadSpec(file string, text []byte) (*Spec, error) {
	s := &Spec{places: map[string]inventory.Place{}}
	err := specfile.Read(file, text, func(reader *specfile.Reader, root *strictyaml.Node) {
		r := &specReader{Reader: reader, spec: s}
		r.Mapping(root, "a push", specfile.Fields{
			"files": func(n *strictyaml.Node) {
				for _, item := range r.Items(n) {
					s.Files = append(s.Files, r.fileSpec(item))
				}
			},
			"validate": func(n *strictyaml.Node) {
				r.Texts(n, &s.Validate)
				for _, item := range r.Items(n) {
					r.command(item, item.Text)
				}
			},
			"handlers": func(n *strictyaml.Node) { s.Handlers = r.handlers(n) },
			"health":   func(n *strictyaml.Node) { s.Health = check.ReadHealth(reader, n) },
			"on_failure": func(n *strictyaml.Node) {
				var word string
				r.Word(n, &word, "rollback", "keep")
				s.Keep = word == "keep"
			},
			"backup": func(n *strictyaml.Node) { r.Number(n, &s.Backup) },
		})
		if r.Wrong() == 0 {
			r.checkNotified()
		}
	})
	switch {
	case err != nil:
		return nil, err
	case len(s.Files) == 0:
		return nil, &inventory.Error{Place: inventory.Place{File: file}, Text: "there is nothing to push", Hint: "files: [{src: motd, dest: /etc/motd}]"}
	}
	return s, nil
}

// checkNotified records each handler that a file notifies and that the spec does not have.
func (r *specReader) checkNotified() {
	var names []string
	for _, h := range r.spec.Handlers {
		names = append(names, h.Name)
	}
	for _, n := range r.notified {
		if !slices.Contains(names, n.Text) {
			r.Fail(n, cmp.Or(inventory.DidYouMean(n.Text, names), "handlers: {"+n.Text+": {run: …}}"), "there is no handler %q", n.Text)
		}
	}
}

func (r *specReader) fileSpec(n *strictyaml.Node) (f FileSpec) {
	f.Place = r.Place(n)
	f.Delete = "none"
	var state string
	var dest *strictyaml.Node
	before := r.Wrong()
	r.Mapping(n, "a file", specfile.Fields{
		"src":        func(n *strictyaml.Node) { r.src(n, &f.Src) },
		"content":    func(n *strictyaml.Node) { r.content(n, &f.Content) },
		"link":       func(n *strictyaml.Node) { r.Text(n, &f.Target) },
		"dest":       func(n *strictyaml.Node) { r.dest(n, &f.Dest); dest = n },
		"state":      func(n *strictyaml.Node) { r.Word(n, &state, "present", "absent", "directory") },
		"template":   func(n *strictyaml.Node) { r.Yes(n, &f.Template); f.Literal = !f.Template },
		"mode":       func(n *strictyaml.Node) { r.mode(n, &f.Mode) },
		"owner":      func(n *strictyaml.Node) { r.account(n, &f.Owner) },
		"group":      func(n *strictyaml.Node) { r.account(n, &f.Group) },
		"validate":   func(n *strictyaml.Node) { r.checkOfFile(n, &f.Validate) },
		"notify":     func(n *strictyaml.Node) { r.Texts(n, &f.Notify); r.notified = append(r.notified, r.Items(n)...) },
		"symlink":    func(n *strictyaml.Node) { r.Word(n, &f.Symlink, "follow", "replace") },
		"delete":     func(n *strictyaml.Node) { r.Word(n, &f.Delete, "none", "managed", "all") },
		"max_delete": func(n *strictyaml.Node) { r.maxDelete(n, &f.MaxDelete) },
		"secret":     func(n *strictyaml.Node) { r.Yes(n, &f.Secret) },
		"when":       func(n *strictyaml.Node) { r.Text(n, &f.When) },
	})
	if r.Wrong() > before {
		return f
	}
	f.Absent, f.Folder = state == "absent", state == "directory"
	folder := f.Dest != "" && strings.HasSuffix(dest.Text, "/")
	sources := 0
	for _, said := range []bool{f.Src != "", f.Content != nil, f.Target != "", f.Absent, f.Folder} {
		if said {
			sources++
		}
	}
	switch {
	case f.Dest == "":
		r.Fail(n, "dest: /etc/motd", "this file has no dest")
	case sources != 1:
		r.Fail(n, "", "a file needs exactly one of src, content, link, state: absent and state: directory")
	case (f.Validate != "" || f.Template) && f.Src == "" && f.Content == nil:
		r.Fail(n, "", "validate and template are for files with a content")
	case f.Delete != "none" && !strings.HasSuffix(f.Src, "/"):
		r.Fail(n, "src: site/", "delete is for the content of a folder: src has to end in a slash")
	case folder && (f.Content != nil || f.Target != ""):
		r.Fail(dest, "dest: "+dest.Text+"NAME", "%s is a folder, and the entry in it needs a name", dest.Text)
	case f.Delete == "all" && protected(f.Dest):
		r.Fail(n, "", "delete: all would delete everything in %s that is not pushed", f.Dest)
	case folder && f.Src != "" && !strings.HasSuffix(f.Src, "/"): // into it, as cp does
		f.Dest = path.Join(f.Dest, filepath.Base(f.Src))
		if err := CheckDest(f.Dest); err != nil {
			r.Fail(dest, "", "%v", err)
		}
	}
	return f
}

// src reads a local path. A slash at its end stays.
func (r *specReader) src(n *strictyaml.Node, into *string) {
	if r.Text(n, into); *into == "" || filepath.IsAbs(*into) {
		return
	}
	*into = filepath.Join(filepath.Dir(r.File), *into)
	if strings.HasSuffix(n.Text, "/") {
		*into += "/"
	}
}

// content reads a text, which may be empty.
func (r *specReader) content(n *strictyaml.Node, into **string) {
	if n.Kind != strictyaml.Scalar {
		r.Fail(n, `content: "" is an empty file`, "this has to be a text")
		return
	}
	*into = &n.Text
}

func (r *specReader) maxDelete(n *strictyaml.Node, into *int) {
	if r.Number(n, into); n.Text == "0" {
		r.Fail(n, "delete: none", "max_delete has to be at least 1")
	}
}

// checkOfFile reads the command that has to accept a staged file. With no place but {{staged}}, it needs no filling in
// for each host.
func (r *specReader) checkOfFile(n *strictyaml.Node, into *string) {
	switch r.Text(n, into); {
	case *into != "" && !strings.Contains(*into, stagedMark):
		r.Fail(n, `for example "nginx -t -c {{staged}}"; a command that checks everything in place goes into validate beside files`, "this command does not check the new file: it has no {{staged}}")
	case strings.Contains(strings.ReplaceAll(*into, stagedMark, ""), "{{"):
		r.command(n, withStaged(*into))
	}
}

// dest reads a path on the host.
func (r *specReader) dest(n *strictyaml.Node, into *string) {
	if r.Text(n, into); *into != "" {
		if err := CheckDest(*into); err != nil {
			r.Fail(n, "", "%v", err)
		}
		*into = path.Clean(*into)
	}
}

// CheckDest returns an error if dest can't be a path on hosts to push to.
func CheckDest(dest string) error {
	switch {
	case !path.IsAbs(dest):
		return fmt.Errorf("%q is not an absolute path", dest)
	case strings.ContainsRune(dest, 0):
		return errors.New("a path can't contain a NUL byte")
	case strings.Contains(dest, "{{"):
		return fmt.Errorf("%q: a path can't be a template, as it is the same on all hosts", dest)
	case path.Clean(dest) == "/":
		return errors.New("/ can't be pushed to")
	}
	for part := range strings.SplitSeq(dest, "/") {
		if len(part) > 255 {
			return fmt.Errorf("a name of %d bytes is too long (at most 255)", len(part))
		}
		if strings.HasPrefix(part, ".hail-") {
			return errors.New("names that begin with .hail- are reserved for hail")
		}
	}
	return nil
}

func (r *specReader) mode(n *strictyaml.Node, into *int) {
	mode, err := ParseMode(n.Text)
	if n.Kind != strictyaml.Scalar || !n.Quoted {
		err = errors.New("a mode has to be octal digits in quotes")
	}
	if err != nil {
		r.Fail(n, `mode: "0644"`, "%v", err)
	}
	*into = mode
}

// ParseMode reads permissions as chmod does: 0644, 755, 4755.
func ParseMode(text string) (int, error) {
	mode, err := strconv.ParseUint(text, 8, 16)
	if err != nil || len(text) < 3 || len(text) > 4 {
		return 0, fmt.Errorf("%q is not a mode like 0644", text)
	}
	if mode == 0 {
		return 0, errors.New("the mode 0000 can't be pushed")
	}
	return int(mode), nil
}

// account reads the name or number of a user or group.
func (r *specReader) account(n *strictyaml.Node, into *string) {
	if r.Text(n, into); *into != "" {
		if err := inventory.CheckUser(*into); err != nil {
			r.Fail(n, "", "%v", err)
		}
	}
}

// handlers reads the handlers in their order, which is also the order in which they run.
func (r *specReader) handlers(n *strictyaml.Node) (all []Handler) {
	if n.Kind != strictyaml.Map {
		r.Fail(n, "handlers: {reload nginx: {run: systemctl reload nginx}}", "handlers have to be a mapping")
		return nil
	}
	for _, p := range n.Pairs {
		h, wrong := Handler{Name: p.Key.Text}, r.Wrong()
		r.Mapping(p.Value, "a handler", specfile.Fields{
			"run":     func(n *strictyaml.Node) { r.Text(n, &h.Run); r.command(n, n.Text) },
			"timeout": func(n *strictyaml.Node) { r.Time(n, &h.Timeout) },
		})
		if h.Run == "" && r.Wrong() == wrong {
			r.Fail(p.Value, "run: systemctl reload nginx", "the handler %s has nothing to run", h.Name)
		}
		all = append(all, h)
	}
	return all
}
