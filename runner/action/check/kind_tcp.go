package check

import "context"

// tcp connects and sends nothing.
var _ = register(&kind{
	name: "tcp", subject: "address", main: "reachable",
	attrs:   map[string]shape{"reachable": yesNo},
	implied: Want{"reachable", Matcher{Op: equals, Want: true}},
	verify:  hostPort,
	outside: func(ctx context.Context, dial dialer, c *Check) *seen {
		conn, s := dial.reach(ctx, c.Params["address"])
		if s != nil {
			return s
		}
		conn.Close()
		return &seen{values: map[string]any{"reachable": true}}
	},
})
