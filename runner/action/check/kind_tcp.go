package check

// tcp connects and sends nothing.
var _ = register(&kind{
	name: "tcp", subject: "address", main: "reachable",
	attrs:   map[string]shape{"reachable": yesNo},
	implied: Want{"reachable", Matcher{Op: equals, Want: true}},
	verify:  hostPort,
	outside: func(l *look, c *Check) *seen {
		conn, s := l.reach(c.Params["address"])
		if s != nil {
			return s
		}
		conn.Close()
		return &seen{values: map[string]any{"reachable": true}}
	},
})
