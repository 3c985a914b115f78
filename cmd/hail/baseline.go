package main

import "github.com/urfave/cli/v2"

func baseline(e environment, c *cli.Context) error { return usage("", "to be done") }
