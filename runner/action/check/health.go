package check

import (
	"cmp"
	"time"

	"hail/inventory"
	"hail/inventory/strictyaml"
	"hail/runner"
	"hail/runner/action/specfile"
)

// How long a health check may fail, and how often it looks, by default: what has just been started comes up within
// seconds.
const (
	healthTimeout  = runner.Duration(10 * time.Second)
	healthInterval = runner.Duration(time.Second)
)

// fromHost has hints on how to look at the same thing from the host, for the types that look from elsewhere.
var fromHost = map[string]string{
	"http": `command: {run: "curl -fs http://localhost/health"}`,
	"tcp":  "port: {port: 443}",
	"tls":  `command: {run: "openssl s_client -connect localhost:443 </dev/null"}`,
	"dns":  "from: target",
}

// ReadHealth reads a list of checks that a host judges by itself after a push: they look from the host, and have to
// pass within a time. Mistakes are recorded in base.
func ReadHealth(base *specfile.Reader, list *strictyaml.Node) (checks []Check) {
	r := reader{base, true}
	first := map[string]inventory.Place{}
	for _, n := range r.Items(list) {
		before := r.Wrong()
		c, over := r.check(n)
		if r.Wrong() > before {
			continue
		}
		place, taken := first[c.ID]
		switch {
		case over != nil:
			r.Fail(n, "run it with hail test, after the push", "a check over the fleet can't be a health check")
			continue
		case !c.inside() && c.From == "target":
			r.Fail(n, fromHost[c.Type], "a health check runs on the host alone, and %s with from: target needs a connection from this machine", c.Type)
		case !c.inside():
			r.Fail(n, fromHost[c.Type], "a health check runs on the host, and %s connects from this machine", c.Type)
		case kinds[c.Type].values != nil:
			r.Fail(n, "hail test compares it with this machine's", "a host can't judge its own %s", c.Type)
		case c.Capture != "":
			r.Fail(n, "capture it with hail test", "a health check can't capture: nothing of it is kept")
		case taken:
			r.Fail(n, "give one of them another id", "the id %q is already used at %s", c.ID, place)
		}
		first[c.ID] = c.Place
		c.Retry.Timeout, c.Retry.Interval = cmp.Or(c.Retry.Timeout, healthTimeout), cmp.Or(c.Retry.Interval, healthInterval)
		c.Timeout = min(c.Timeout, c.Retry.Timeout) // a look that hangs gets no more time than the whole check
		checks = append(checks, c)
	}
	return checks
}
