package check_test

import (
	"cmp"
	"context"
	"fmt"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action/check"
	"hail/runner/local"
	"hail/runner/wrap"
)

// Checks in a program are read from a text, too: Read fills in what it leaves out, and finds what is wrong with it.
func ExampleRead() {
	const text = `
checks:
  - {id: root, user: {name: root, uid: 0}}
  - {id: motto, command: {run: "echo '{{.host}} is fine'", stdout: {contains: splendid}}}
`
	suite, err := check.Read([]string{"built in"}, func(string) ([]byte, error) { return []byte(text), nil })
	if err != nil {
		panic(err)
	}
	hosts := []inventory.Host{{Name: "web1"}}
	if err := suite.Aim(hosts, nil); err != nil { // nil: no check has a when
		panic(err)
	}
	plan := runner.Plan{Action: suite.Spec(), Hosts: hosts}
	plan.Checks, plan.Fleet = suite.Listed()
	s, err := report.Drain(suite.Judge(runner.Run(context.Background(), plan, suite, wrap.Dialer{Inner: local.Dialer{}}, nil)))
	if err != nil {
		panic(err)
	}
	for _, v := range s.Hosts[0].Checks {
		fmt.Printf("%s %s: %s\n", v.Outcome, v.Check, cmp.Or(v.Text, "as it should be"))
	}
	// Output:
	// pass root: as it should be
	// fail motto: stdout: expected something containing "splendid", is "web1 is fine"
}
