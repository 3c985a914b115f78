package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action/push"
)

func pushCommand(e environment) *cli.Command {
	const category = "Files"
	return &cli.Command{
		Name:      "push",
		Usage:     "copy files to hosts: on each host, all of them or none",
		ArgsUsage: "SPEC.yaml… | SRC:DEST…",
		Description: `A new file is checked beside the old one, and then replaces it in one step; when a handler or a health check fails,
everything is rolled back. docs/push.md describes the form of a spec, and what happens on a host; - reads a spec from
standard input.

Examples:
  hail push -g web nginx.yaml --sudo --dry-run
  hail push -g web nginx.yaml --sudo --dry-run --alike
  hail push -g web nginx.yaml --sudo --serial 1,10%,100% --max-fail 1
  hail push -w 'web[01-20]' motd:/etc/motd --mode 0644 --sudo
  hail push -a site/:/var/www/site --diff
  hail push -g web nginx.yaml --dry-run --exit-code`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.StringFlag{Name: "mode", Category: category, Usage: "`MODE`, the octal mode of DEST in SRC:DEST (default: that of the old file, or 0644)"},
			&cli.StringFlag{Name: "owner", Category: category, Usage: "`USER`, the owner of DEST in SRC:DEST"},
			&cli.StringFlag{Name: "group-of-files", Category: category, Usage: "`GROUP`, the group of DEST in SRC:DEST"},
			&cli.BoolFlag{Name: "template", Category: category, Usage: "SRC is a template: {{.host}}, {{.vars.NAME}} …"},
			&cli.BoolFlag{Name: "secret", Category: category, Usage: "never show or record SRC"},
			&cli.BoolFlag{Name: "diff", Category: category, Usage: "show how the contents differ while changing them"},
			&cli.IntFlag{Name: "backup", Category: category, Usage: "keep `N` earlier versions of each file on the host"},
			&cli.StringFlag{Name: "patience", Category: category, Value: "10s", Usage: "wait up to `TIME` for another push on the host to end"},
			&cli.StringFlag{Name: "bwlimit", Category: category, Usage: "send at most `SIZE` a second to all hosts together: 20M or 20MiB, or 20MB for 20 000 000; 0 is no limit. Only file contents count, not what the protocol adds (default: no limit)"},
			&cli.BoolFlag{Name: "exit-code", Category: category, Usage: "with --dry-run: exit with 5 when something would change"},
		}, endingFlags(category, "push"), confirmFlags(category), becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			specs, err := pushSpecs(e, c)
			if err != nil {
				return err
			}
			if c.Bool("exit-code") && !c.Bool("dry-run") {
				return usage("hail push … --dry-run --exit-code", "--exit-code is for --dry-run: without it, this would be a real push")
			}
			err = fanOut(e, c, func(inv *inventory.Inventory, hosts []inventory.Host) (job, error) {
				return pushJob(e, c, specs, inv, hosts)
			})
			if wrong, ok := errors.AsType[*inventory.Error](err); ok && wrong.Hint == "" && strings.HasPrefix(wrong.Place.File, `target "@`) {
				wrong.Hint = "--group selects hosts; --group-of-files is the group of DEST"
			}
			return err
		},
	}
}

// pushSpecs reads the arguments: files with specs, and SRC:DEST.
func pushSpecs(e environment, c *cli.Context) (specs []*push.Spec, err error) {
	short := &push.Spec{}
	args, dest := c.Args().Slice(), "/DEST"
	if len(args) == 2 && !strings.ContainsAny(args[0], ":") && path.Ext(args[0]) != ".yaml" && strings.HasPrefix(args[1], "/") {
		dest = args[1] // SRC DEST, as for cp and scp
		if _, err := os.Stat(dest); err != nil {
			return nil, usage("hail push … "+runner.Quote(args[0]+":"+dest), "%s is not a file on this machine", dest)
		}
	}
	if len(args) == 0 || slices.Contains(args, "") {
		return nil, usage("hail push -g web motd:/etc/motd", "there is nothing to push")
	}
	for _, arg := range args {
		if strings.HasPrefix(arg, ":") || strings.HasSuffix(arg, ":") { // as from an unset shell variable
			return nil, usage("hail push -g web motd:/etc/motd", "%s: a path is missing beside the colon", arg)
		}
		if src, dest, isShort := strings.Cut(arg, ":/"); isShort {
			f, err := shortFile(c, arg, src, "/"+dest)
			if err != nil {
				return nil, err
			}
			short.Files = append(short.Files, f)
			continue
		}
		s, err := specFile(arg, dest, e.readFile(c, "the spec"))
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	if short.Files != nil {
		return append(specs, short), nil
	}
	for _, name := range []string{"mode", "owner", "group-of-files", "template", "secret"} {
		if c.IsSet(name) {
			return nil, usage("a spec sets it for each file", "--%s is for SRC:DEST", name)
		}
	}
	return specs, nil
}

// specFile reads a spec from a file with read. meant is where the file itself may be meant to go.
func specFile(file, meant string, read func(path string) ([]byte, error)) (*push.Spec, error) {
	text, err := read(file)
	if src, dest, isShort := strings.Cut(file, ":"); isShort && err != nil {
		hint := "hail push " + src + ":/" + dest
		if strings.HasPrefix(dest, "~") {
			hint = "write the home folder out, as on the host: hail push " + src + ":/home/…"
		}
		return nil, usage(hint, "%s: %q is not an absolute path", file, dest)
	}
	switch {
	case errors.Is(err, syscall.EISDIR):
		return nil, usage("to push what is in it, write "+strings.TrimSuffix(file, "/")+"/:/DEST", "%v", err)
	case err != nil:
		return nil, usage("hail push -g web motd:/etc/motd, or a file in the form of docs/push.md", "%v", err)
	}
	spec, err := push.ReadSpec(file, text)
	if wrong, ok := errors.AsType[inventory.Errors](err); ok && wrong[0].Place.Line == 1 && !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(file)) {
		wrong[0].Hint = "to push the file itself, write " + file + ":" + meant
	}
	return spec, err
}

// shortFile returns the file that arg, which is SRC:DEST, and the options for it describe.
func shortFile(c *cli.Context, arg, src, dest string) (f push.FileSpec, err error) {
	f = push.FileSpec{Place: inventory.Place{File: arg}, Src: src, Dest: filepath.Clean(dest), Delete: "none",
		Owner: c.String("owner"), Group: c.String("group-of-files"), Template: c.Bool("template"), Literal: c.IsSet("template") && !c.Bool("template"), Secret: c.Bool("secret")}
	if strings.HasSuffix(dest, "/") && !strings.HasSuffix(src, "/") { // into the folder, as cp does
		f.Dest = filepath.Join(f.Dest, filepath.Base(src))
	}
	if err := push.CheckDest(f.Dest); err != nil {
		return f, usage("", "%s: %v", arg, err)
	}
	for _, option := range []string{"owner", "group-of-files"} {
		name := c.String(option)
		if err := inventory.CheckUser(name); name != "" && err != nil {
			return f, wrongValue(option, "", "%v", err)
		}
	}
	if c.IsSet("mode") {
		if f.Mode, err = push.ParseMode(c.String("mode")); err != nil {
			return f, wrongValue("mode", "", "%v", err)
		}
	}
	return f, nil
}

// pushJob returns the job that pushes what the specs say.
func pushJob(e environment, c *cli.Context, specs []*push.Spec, inv *inventory.Inventory, hosts []inventory.Host) (job, error) {
	p, contents, err := pushOf(e, c, specs, inv, hosts)
	if err != nil {
		return job{}, err
	}
	j := job{spec: p.Spec(), what: "push " + strings.Join(c.Args().Slice(), " "), dryRunConnects: true}
	if c.Bool("dry-run") {
		j.what += " (dry run)"
	}
	for _, content := range contents {
		j.addContent(content)
	}
	if !c.Bool("quiet") {
		items := 0
		for _, m := range p.Manifests {
			items = max(items, len(m.Items))
		}
		j.remark = fmt.Sprintf("%s, %s over %s", report.Plural(items, "path"), report.Plural(len(contents), "content"), report.Plural(len(hosts), "host"))
		if p.Limit > 0 {
			j.remark += fmt.Sprintf(", at most %s a second", strings.TrimSuffix(c.String("bwlimit"), "/s"))
		}
	}
	return j, nil
}

// pushOf renders every content for every host, and reads the options of the push.
func pushOf(e environment, c *cli.Context, specs []*push.Spec, inv *inventory.Inventory, hosts []inventory.Host) (p push.Push, contents []push.Content, err error) {
	if err := notNegative(c, "backup"); err != nil {
		return p, nil, err
	}
	patience, err := duration(c, "patience")
	if err != nil {
		return p, nil, err
	}
	secret, err := secretVars(c)
	if err != nil {
		return p, nil, err
	}
	choose := e.chooser(c, inv, hosts)
	var conditions []condition
	for _, s := range specs {
		for _, f := range s.Files {
			conditions = append(conditions, condition{f.Dest, f.When, f.Place})
			e.remarkUnfilled(c, f)
		}
		conditions = append(conditions, conditionsOf(s.Health)...)
	}
	if err := e.remarkIdle(c, choose, conditions); err != nil {
		return p, nil, err
	}
	p, contents, err = push.Render(specs, hosts, choose, secret)
	if wrong, ok := errors.AsType[*inventory.Error](err); ok {
		return p, nil, wrong
	}
	if err != nil {
		return p, nil, usage("", "%v", err)
	}
	p.Backup = max(p.Backup, c.Int("backup"))
	p.Patience = patience.WholeSeconds() // a shell waits whole seconds
	p.Diff = c.Bool("diff")
	p.Limit, err = bandwidth(c)
	return p, contents, err
}

// remarkUnfilled tells of a file that looks like a template, and is sent as it is under a name that doesn't.
func (e environment) remarkUnfilled(c *cli.Context, f push.FileSpec) {
	ext := path.Ext(f.Src)
	if f.Template || f.Literal || path.Ext(f.Dest) == ext || !slices.Contains([]string{".tmpl", ".tpl", ".j2"}, ext) {
		return
	}
	if text, _ := inventory.ReadFile(f.Src); bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("{%")) {
		e.remark(c, &inventory.Error{Place: f.Place, Text: f.Src + " is sent as it is", Hint: "with template: true, or --template, it is filled in for each host; template: false silences this"})
	}
}

// addContent adds a content to those that the record keeps or, if it is secret, to those that it must not hold.
func (j *job) addContent(content push.Content) {
	blob := report.Blob{Digest: content.Digest, Size: content.Size, Open: func() (io.ReadCloser, error) { return os.Open(content.Path) }}
	if content.Path == "" {
		blob = report.BlobOf(content.Bytes)
	}
	if content.Secret {
		j.private = append(j.private, blob)
	} else {
		j.blobs = append(j.blobs, blob)
	}
}
