package check_test

import (
	"errors"
	"strings"
	"testing"

	"hail/inventory"
)

// TestHealthRefuses: what a host cannot judge by itself is an error with its place, and a hint what to do instead.
func TestHealthRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{http: "http://127.0.0.1/"}`:                             "push.yaml:1:3: a health check runs on the host, and http connects from this machine\nhint: command: {run: \"curl",
		`{http: "http://127.0.0.1/", from: target}`:               "push.yaml:1:3: a health check runs on the host alone, and http with from: target needs",
		`{tcp: "127.0.0.1:22", from: controller}`:                 "hint: port: {port: 443}",
		`{dns: localhost}`:                                        "hint: from: target",
		`{clock: {offset: {lt: 1s}}}`:                             "push.yaml:1:3: a host can't judge its own clock",
		`{fleet: {value_of: x, all_equal: true}}`:                 "push.yaml:1:3: a check over the fleet can't be a health check\nhint: run it with hail test",
		`{command: uptime, capture: up}`:                          "push.yaml:1:3: a health check can't capture",
		`{command: {run: x, stdout: {jq: .ok, equals: true}}}`:    "push.yaml:1:35: the host judges this by itself, and has no jq",
		`{command: {run: x, stdout: {not: {regex: "\\bok\\b"}}}}`: "push.yaml:1:44: a host can't judge this regex by itself: \\b and \\B are not supported\nhint: write what surrounds",
		`{command: {run: x, stdout: {regex: "("}}}`:               "push.yaml:1:38: the regular expression is wrong",
		`{command: {run: x, stout: y}}`:                           "push.yaml:1:22: unknown key \"stout\"",
		`{comand: x}`:                                             "did you mean \"command\"?",
		`{file: /etc/passwd}` + "\n- {file: /etc/passwd}":         "push.yaml:2:3: the id \"file:/etc/passwd\" is already used at push.yaml:1:3",
		`{file: {path: /etc/passwd, exists: "yes"}}`:              "exists has to be true or false",
		`{}`:                                   "this check has no type",
		`{command: {run: "true", stdout: {}}}`: "this matcher is empty",
		`{process: {name: x, args: {regex: "a{1000}b{1000}c{1000}d{1000}e{1000}f{1000}g{1000}"}}}`: "it gets too large",
	} {
		_, err := readHealth("- " + text)
		var wrong inventory.Errors
		if !errors.As(err, &wrong) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := wrong[0].Error() + "\nhint: " + wrong[0].Hint; !strings.Contains(got, want) {
			t.Errorf("%s: %s\nwant %s", text, got, want)
		}
	}
	if _, err := readHealth("[{file: a}, {port: 99999}, {user: -a}]"); err == nil || strings.Count(err.Error(), "push.yaml:1:") != 3 {
		t.Errorf("want three errors, one for each check: %v", err)
	}
	checks, err := readHealth("[{command: x}, {id: slow, port: 80, timeout: 30s, retry: {timeout: 20s}}, {service: nginx, retry: {timeout: 1m, interval: 5s}}]")
	if err != nil || len(checks) != 3 {
		t.Fatal(err)
	}
	for i, want := range []string{"10s 1s 10s", "20s 1s 20s", "1m0s 5s 10s"} {
		c := checks[i]
		if got := c.Retry.Timeout.String() + " " + c.Retry.Interval.String() + " " + c.Timeout.String(); got != want {
			t.Errorf("%s: %s, want %s", c.ID, got, want)
		}
	}
}
