package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/report"
	"hail/runner/action/check"
)

// Which hosts a when expression in a file of checks or of a push is meant for.

// chooser returns a function that tells which of the hosts a target expression in a file selects. The hosts include the
// settings and vars of the command line.
func (e environment) chooser(c *cli.Context, inv *inventory.Inventory, hosts []inventory.Host) func(expr string) (map[string]bool, error) {
	query := inventory.Query{MayBeEmpty: true, AnyHost: inv == nil}
	look := inventory.Lookups{File: inventory.ReadFile, Remark: func(r *inventory.Error) { e.remark(c, r) }}
	inv = inv.With(hosts)
	selected := map[string]bool{}
	for _, h := range hosts {
		selected[h.Name] = true
	}
	known := map[string]map[string]bool{}
	return func(expr string) (map[string]bool, error) {
		if known[expr] != nil {
			return known[expr], nil
		}
		query.Targets = []string{expr}
		chosen, err := inventory.Select(inv, query, look)
		if err != nil {
			return nil, err
		}
		meant := map[string]bool{}
		for _, h := range chosen {
			if selected[h.Name] {
				meant[h.Name] = true
			}
		}
		known[expr] = meant
		return meant, nil
	}
}

// condition is a when expression, and the item that has it.
type condition struct {
	name, when string
	place      inventory.Place
}

func conditionsOf(checks []check.Check) (all []condition) {
	for _, one := range checks {
		all = append(all, condition{one.ID, one.When, one.Place})
	}
	return all
}

// remarkIdle prints a note about the items whose when selects none of the hosts.
func (e environment) remarkIdle(c *cli.Context, choose func(expr string) (map[string]bool, error), all []condition) error {
	var idle []string
	for _, one := range all {
		if one.when == "" {
			continue
		}
		meant, err := choose(one.when)
		if err != nil {
			return inventory.OfExpression(one.place, "when", err)
		}
		if len(meant) == 0 {
			idle = append(idle, report.OneLine(one.name))
		}
	}
	if idle != nil {
		e.remark(c, &inventory.Error{Text: "meant for none of the selected hosts: " + strings.Join(idle, ", ")})
	}
	return nil
}
