package push_test

import (
	"errors"
	"os"
	"testing"

	"hail/inventory"
	"hail/runner/action/push"
)

// TestFileSpec: what a file of a spec may contain. A slash at the end of a destination means the folder, as in
// SRC:DEST.
func TestFileSpec(t *testing.T) {
	for _, row := range []struct{ file, dest, wrong string }{
		{`src: a/motd, dest: /etc/`, "/etc/motd", ""},
		{`src: a/motd, dest: /etc`, "/etc", ""},
		{`src: site/, dest: /var/www/`, "/var/www", ""},
		{`state: directory, dest: /var/www/`, "/var/www", ""},
		{`state: absent, dest: /var/www//`, "/var/www", ""},
		{`src: a/.hail-x, dest: /etc/`, "", "spec.yaml:1:32: names that begin with .hail- are reserved for hail\nhint: "},
		{`content: x, dest: /etc/app/`, "", "spec.yaml:1:28: /etc/app/ is a folder, and the entry in it needs a name\nhint: dest: /etc/app/NAME"},
		{`content: "", dest: /etc/empty`, "/etc/empty", ""},
		{`content: , dest: /etc/empty`, "", "spec.yaml:1:19: this has to be a text\nhint: content: \"\" is an empty file"},
		{`content: {a: b}, dest: /etc/empty`, "", "spec.yaml:1:19: this has to be a text\nhint: content: \"\" is an empty file"},
		{`src: a/, dest: /srv, delete: all, max_delete: 0`, "", "spec.yaml:1:56: max_delete has to be at least 1\nhint: delete: none"},
		{`content: x, dest: /srv/x, mode: 0644`, "", "spec.yaml:1:42: a mode has to be octal digits in quotes\nhint: mode: \"0644\""},
		{`content: x, dest: /srv/x, mode: "0000"`, "", "spec.yaml:1:42: the mode 0000 can't be pushed\nhint: mode: \"0644\""},
		{`state: directory, dest: /srv, validate: "x {{staged}}"`, "", "spec.yaml:1:9: validate and template are for files with a content\nhint: "},
		{`link: "{{.host}}", dest: /srv/x, template: true`, "", "spec.yaml:1:9: validate and template are for files with a content\nhint: "},
		{`link: x, dest: /etc/app/`, "", "spec.yaml:1:25: /etc/app/ is a folder, and the entry in it needs a name\nhint: dest: /etc/app/NAME"},
	} {
		s, err := push.ReadSpec("spec.yaml", []byte("files: [{"+row.file+"}]"))
		switch {
		case row.wrong != "":
			if all := (inventory.Errors)(nil); !errors.As(err, &all) || all.Error()+"\nhint: "+all[0].Hint != row.wrong {
				t.Errorf("%s: %v, want %s", row.file, err, row.wrong)
			}
		case err != nil || s.Files[0].Dest != row.dest:
			t.Errorf("%s: %+v, %v, want %s", row.file, s, err, row.dest)
		}
	}
}

// TestPushMotd: examples/push/motd renders correctly with no, one and several groups.
func TestPushMotd(t *testing.T) {
	const file = "../../../examples/push/motd/push.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := push.ReadSpec(file, text)
	if err != nil {
		t.Fatal(err)
	}
	for want, groups := range map[string][]string{"web1 ()\n": nil, "web1 (web)\n": {"web"}, "web1 (prod web)\n": {"prod", "web"}} {
		_, contents, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1", Groups: groups}}, nobody, nil)
		if err != nil || string(contents[0].Bytes) != want {
			t.Errorf("want %q, got %v, %+v", want, err, contents)
		}
	}
}
