package main

import (
	"github.com/urfave/cli/v2"
)

func explainHost(e environment, c *cli.Context, name string) error { return nil }
