package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
)

// size reads an option that is a number of bytes; 0 when it is empty.
func size(c *cli.Context, name string) (int64, error) {
	text := c.String(name)
	n, ok := inventory.ParseSize(text)
	if text != "" && !ok {
		return 0, wrongValue(name, "write it with its unit: 512K, 64M, 2GiB, or 20MB for 20 000 000", "%q is not a size", text)
	}
	return n, nil
}

// bandwidth reads an option that is a number of bytes per second; 0 is no limit.
func bandwidth(c *cli.Context, name string) (int64, error) {
	text := c.String(name)
	n, ok := inventory.ParseSize(strings.TrimSuffix(text, "/s"))
	if text != "" && text != "0" && !ok {
		return 0, wrongValue(name, "write it with its unit: 512K, 20M, 20MiB/s, or 20MB for 20 000 000; 0 is no limit", "%q is not a number of bytes a second", text)
	}
	return n, nil
}
