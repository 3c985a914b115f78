package check_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"hail/inventory"
	"hail/runner/action/check"
)

// TestIncludedOnce: a file is included once, however its path is written.
func TestIncludedOnce(t *testing.T) {
	files := map[string]string{"a.yaml": "checks: [{file: /etc/passwd}]", "b.yaml": "include: [a.yaml, ./a.yaml, x/../a.yaml, /x/../c.yaml, /c.yaml]\nchecks: [{file: /etc/group}]", "c.yaml": "checks: [{file: /etc/hosts}]"}
	suite, err := check.Read([]string{"./a.yaml", "./b.yaml"}, func(file string) ([]byte, error) { return []byte(files[filepath.Base(file)]), nil })
	if err != nil || len(suite.Checks) != 3 {
		t.Errorf("want three checks, got %v, %v", suite, err)
	}
}

// TestIDOfLines: the id of a check that was given none is a line, also where its command is several.
func TestIDOfLines(t *testing.T) {
	suite := read(t, "checks:\n  - command: |\n      set -e\n      cd  /srv\n")
	if id := suite.Checks[0].ID; id != "command:set -e cd  /srv" {
		t.Errorf("the id is %q", id)
	}
}

// TestBadFiles: a mistake in a file is reported with its place, and with a hint where there is one.
func TestBadFiles(t *testing.T) {
	for _, row := range []struct{ text, want, hint string }{
		{"checks:\n  - {id: a, fil: /etc/passwd}\n", `c.yaml:2:13: unknown key "fil" in a check`, `did you mean "file"?`},
		{"checks:\n  - {file: {path: /a, mod: x}}\n", `c.yaml:2:23: unknown key "mod" in a file`, `did you mean "mode"?`},
		{"checks:\n  - {file: {path: /a, size: {lessthan: 3}}}\n", `c.yaml:2:30: there is no matcher "lessthan"`, ""},
		{"checks:\n  - {file: {path: /a, content: {contain: x}}}\n", `c.yaml:2:33: there is no matcher "contain"`, `did you mean "contains"?`},
		{"checks:\n  - {file: {path: /a, content: {}}}\n", "c.yaml:2:32: this matcher is empty", "it takes equals, contains, regex, semver, in, len, jq, not, all, any"},
		{"checks:\n  - {file: {path: /a, content: {len: {}}}}\n", "c.yaml:2:38: this matcher is empty", "it takes equals, lt, le, gt, ge, in, not, all, any"},
		{"checks:\n  - {command: {run: x, stdout: {lt: 5}}}\n", "c.yaml:2:33: lt does not go with stdout, which is a text", "{jq: ., lt: …} compares a number that is written as a text"},
		{"checks:\n  - {file: {path: /a, content: }}\n", "c.yaml:2:32: content has no value", ""},
		{"checks:\n  - {service: {name: x, running: \"yes\"}}\n", `c.yaml:2:34: running has to be true or false, and "yes" is not`, "write true or false, without quotes"},
		{"checks:\n  - {file: {path: /a, size: {lt: big}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "big" is not`, "write it with its unit: 64MiB, 20MB"},
		{"checks:\n  - {file: {path: /a, size: {lt: Inf}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "Inf" is not`, ""},
		{"checks:\n  - {file: {path: /a, size: {lt: -1}}}\n", `c.yaml:2:34: size has to be a number of bytes, and "-1" is not`, ""},
		{"checks:\n  - {file: {path: /a, mode: rw}}\n", `c.yaml:2:29: mode has to be an octal mode, and "rw" is not`, `write four octal digits: "0644"`},
		{"checks:\n  - {file: {path: /a, mtime_age: {lt: 5}}}\n", `c.yaml:2:39: mtime_age has to be a time, and "5" is not`, "write it with its unit: 30d, 10s, 500ms"},
		{"checks:\n  - {port: {port: 22, addresses: {not: 0.0.0.0}}}\n", `c.yaml:2:40: addresses has to be a list of texts, and "0.0.0.0" is not`, "write {contains: TEXT}, or [TEXT] if there is no other"},
		{"checks:\n  - {user: {name: x, groups: {in: [\"{{.host}}\"]}}}\n", `c.yaml:2:36: groups has to be a list of texts, and "{{.host}}" is not`, ""},
		{"checks:\n  - {user: {name: x, groups: []}}\n", "c.yaml:2:30: this list is empty", "write {len: 0} for an empty list"},
		{"checks:\n  - {file: {path: /a, size: {regex: x}}}\n", "c.yaml:2:30: regex does not go with size, which is a number of bytes", "it takes equals, lt, le, gt, ge, in, not, all, any"},
		{"checks:\n  - {file: {path: /a, content: {regex: \"(\"}}}\n", "c.yaml:2:40: the regular expression is wrong: missing closing ): `(`", ""},
		{"checks:\n  - {command: {run: x, stdout: {jq: \".[\"}}}\n", `c.yaml:2:37: ".[" is not a jq expression: unexpected EOF`, ""},
		{"checks:\n  - {package: {name: x, version: {semver: newest}}}\n", `c.yaml:2:43: "newest" is not a version range like >=1.2, <3`, ""},
		{"checks:\n  - {id: a, file: /a}\n  - {id: a, file: /b}\n", `c.yaml:3:5: the id "a" is already used at c.yaml:2:5`, "give one of them another id, or leave it out"},
		{"checks:\n  - {clock: {offset: {lt: 1s}}}\n  - {clock: {offset: {lt: 2s}}}\n", `c.yaml:3:5: the id "clock" is already used at c.yaml:2:5`, "give one of them another id, or leave it out"},
		{"checks:\n  - {id: a}\n", "c.yaml:2:5: this check has no type", "add one of clock, command, dns, file, group, http, interface, kernel_param, mount, package, port, process, service, tcp, tls, user, fleet"},
		{"checks:\n  - {id: a, file: /a, tcp: \"a:1\"}\n", "c.yaml:2:28: this check is already a file", "make it two checks"},
		{"checks:\n  - {file: {mode: \"0644\"}}\n", "c.yaml:2:12: this file has no path", ""},
		{"checks:\n  - {file: etc/passwd}\n", `c.yaml:2:12: "etc/passwd" is not an absolute path`, ""},
		{"checks:\n  - {user: -a}\n", `c.yaml:2:12: "-a" can't be the name of a user`, ""},
		{"checks:\n  - {tcp: localhost}\n", `c.yaml:2:11: "localhost" is not an address like 127.0.0.1:443`, ""},
		{"checks:\n  - {port: 022}\n", `c.yaml:2:12: "022" is not a port`, ""},
		{"checks:\n  - {command: {run: \"\"}}\n", "c.yaml:2:21: this text is empty", ""},
		{"checks:\n  - {port: {port: 22, proto: [udp]}}\n", "c.yaml:2:30: this has to be a text", ""},
		{"checks:\n  - {dns: {name: x, server: 192.0.2.1}, from: target}\n", "c.yaml:2:11: server is only for checks from this machine", ""},
		{"checks:\n  - {dns: {name: 192.0.2.7, server: 192.0.2.1}}\n", `c.yaml:2:11: "192.0.2.7" is an address, and dns looks up names`, ""},
		{"checks:\n  - {dns: \"2001:db8::7\", from: target}\n", `c.yaml:2:11: "2001:db8::7" is an address, and dns looks up names`, ""},
		{"checks:\n  - {http: {url: \"http://x/\", method: {a: b}}}\n", "c.yaml:2:39: this has to be a text", ""},
		{"checks:\n  - {clock: {}}\n", "c.yaml:2:13: this clock expects nothing", "add one of offset"},
		{"checks:\n  - {file: /a, from: target}\n", "c.yaml:2:5: a file is always checked on the host: from is for tcp, http, tls and dns", ""},
		{"checks:\n  - {file: /a, severity: bad}\n", `c.yaml:2:26: "bad" is not allowed here`, "use one of minor, major, critical"},
		{"checks:\n  - {file: /a, retry: {interval: 3s}}\n", "c.yaml:2:23: retry needs a timeout", ""},
		{"checks:\n  - {file: /a, retry: {timeout: 3s, interval: 0s}}\n", "c.yaml:2:23: the interval of a retry has to be above 0", ""},
		{"checks:\n  - {file: /a, timeout: 5}\n", `c.yaml:2:25: "5" is not a time`, ""},
		{"checks:\n  - {fleet: {value_of: none, all_equal: true}}\n", `c.yaml:2:5: value_of: there is no check "none"`, ""},
		{"checks:\n  - {id: a, file: /a, capture: {x: mode}}\n  - {id: b, file: /b, capture: {x: mode}}\n  - {fleet: {value_of: x, all_equal: true}}\n", `c.yaml:4:5: value_of: x may be the check at c.yaml:2:5 or the one at c.yaml:3:5`, "give one of them another name"},
		{"checks:\n  - {id: a, file: /a, capture: {b: mode}}\n  - {id: b, file: /b}\n  - {fleet: {value_of: b, all_equal: true}}\n", `c.yaml:4:5: value_of: b may be the check at c.yaml:2:5 or the one at c.yaml:3:5`, ""},
		{"checks:\n  - {fleet: {value_of: x, all_equal: true}, skip: true}\n", "c.yaml:2:45: skip is not for a check over the fleet", "it takes fleet, id, title, severity, tags"},
		{"checks:\n  - {file: /a, fleet: {value_of: x, all_equal: true}}\n", "c.yaml:2:6: file is not for a check over the fleet", ""},
		{"checks:\n  - {fleet: {value_of: x, distinct: true}}\n", `c.yaml:2:37: distinct has to be a number, and "true" is not`, "write the number alone, without quotes and units"},
		{"checks:\n  - {file: /a, capture: {x: size, y: mode}}\n", "c.yaml:2:25: capture is one name, or one name with its attribute", "capture: {size: size}"},
		{"checks:\n  - {fleet: {value_of: x, at_least: 120%}}\n", `c.yaml:2:37: "120%" is more than 100%`, "at_least: 80%"},
		{"checks:\n  - {fleet: {value_of: x, at_least: [1]}}\n", `c.yaml:2:37: "" is neither a number of hosts nor a percentage like 10%`, "at_least: 80%"},
		{"checks:\n  - {fleet: {value_of: x}}\n", "c.yaml:2:13: this check expects nothing of the values of x", ""},
		{"checks: {}\n", "c.yaml:1:9: checks have to be a list", ""},
		{"include: c.yaml\n", "c.yaml: the file includes itself: c.yaml → c.yaml", ""},
		{"include: none.yaml\n", "c.yaml:1:10: no none.yaml", ""},
		{"", "c.yaml:1:1: a file of checks has to be a mapping", ""},
		{"file:\n  /etc/passwd: {md5: x}\n", `c.yaml:2:17: unknown key "md5" in file "/etc/passwd" of goss`, ""},
		{"file:\n  /etc/x: {filetype: folder}\n", `c.yaml:2:22: goss: "folder" is not a filetype`, ""},
		{"file:\n  /etc/x: {filetype: {or: [link, directory]}}\n", `c.yaml:2:28: goss: "link" is not a filetype`, ""},
		{"command:\n  x: {exec: {a: b}}\n", "c.yaml:2:13: this has to be a text", ""},
		{"http:\n  http://x/: {method: [POST]}\n", "c.yaml:2:23: this has to be a text", ""},
		{"http:\n  http://x/: {allow-insecure: [true]}\n", "c.yaml:2:31: this has to be true or false", ""},
		{"http:\n  http://x/: {no-follow-redirects: 1}\n", "c.yaml:2:36: this has to be true or false", ""},
		{"dns:\n  MX:example.org: {resolvable: true}\n", `c.yaml:2:3: "MX:example.org" is not a name: dns looks up addresses only`, ""},
		{"file:\n  {{- range list}}\n  {{.}}: {exists: true}\n  {{- end}}\n", "c.yaml:2:3: goss: templates are not supported", "write the check in hail's own format"},
		{"file:\n  /a: {exists: true}\n{{ if .Vars.b }}\n  /b: {exists: true}\n{{ end }}\n", "c.yaml:3:1: goss: templates are not supported", ""},
		{"checks: [\n{file: /a}\n", "c.yaml:1:9: this [ is not closed, or a comma is missing in it", ""},
		{"matching:\n  x: {content: 1}\n", `c.yaml:1:1: "matching" of goss is not supported`, ""},
		{"command:\n  x: {stdout: {have-key: 1}}\n", `c.yaml:2:16: the matcher "have-key" of goss is not supported`, ""},
		{"command:\n  x: {stdout: {lt: 9}}\n", "c.yaml:2:16: goss: lt does not go with stdout, which is a text", "write the check in hail's own format"},
		{"command:\n  x: {exit-status: {contain-element: 9}}\n", "c.yaml:2:21: goss: contain-element does not go with exit, which is a number", ""},
		{"command:\n  x: {stdout: [{have-prefix: a}]}\n", "c.yaml:2:16: goss: stdout takes a list of texts", ""},
		{"command:\n  x: {stdout: {have-prefix: [a]}}\n", "c.yaml:2:29: this has to be a text", ""},
		{"command:\n  x: {exit-status: [0, 2]}\n", "c.yaml:2:20: goss: exit is a number, not a list", ""},
	} {
		_, err := check.Read([]string{"c.yaml"}, func(file string) ([]byte, error) {
			if file != "c.yaml" {
				return nil, fmt.Errorf("no %s", file)
			}
			return []byte(row.text), nil
		})
		hint := ""
		var one *inventory.Error
		var many inventory.Errors
		if errors.As(err, &many) {
			hint = many[0].Hint
		} else if errors.As(err, &one) {
			hint = one.Hint
		}
		if err == nil || !strings.HasPrefix(err.Error(), row.want) || row.hint != "" && hint != row.hint {
			t.Errorf("%q: %v (%s), want %s (%s)", row.text, err, hint, row.want, row.hint)
		}
	}
	for _, row := range []struct{ text, want string }{
		{"waivers:\n  - {id: a}\n", "w.yaml:2:5: this waiver has no reason"},
		{"waivers:\n  - {reason: a}\n", "w.yaml:2:5: this waiver has no id"},
		{"waivers:\n  - {id: a, reason: b, until: soon}\n", `w.yaml:2:31: "soon" is not a date`},
	} {
		if _, err := check.ReadWaivers("w.yaml", []byte(row.text)); err == nil || err.Error() != row.want {
			t.Errorf("%q: %v, want %s", row.text, err, row.want)
		}
	}
}
