package main

import (
	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner/action/check"
)

// baseline prints checks that describe one host as it is.
func baseline(e environment, c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return usage("hail test -w web01 --baseline > web.yaml", "--baseline writes checks, and takes none")
	}
	for _, name := range []string{"only", "tags", "severity", "waivers", "compare", "watch", "every", "output", "columns"} {
		if isGiven(c, name) {
			return usage("", "--baseline writes checks, and --%s is for running them", name)
		}
	}
	return fanOut(e, c, func(_ *inventory.Inventory, hosts []inventory.Host) (job, error) {
		if len(hosts) != 1 {
			return job{}, usage("name one host with -w", "--baseline describes one host, and %d are selected", len(hosts))
		}
		return job{spec: check.Baseline{}.Spec(), what: "baseline", raw: true}, nil
	})
}
