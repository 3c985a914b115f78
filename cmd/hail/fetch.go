package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"hail/inventory"
	"hail/runner"
	"hail/runner/action/fetch"
)

func fetchCommand(e environment) *cli.Command {
	const category = "Files"
	return &cli.Command{
		Name:      "fetch",
		Usage:     "copy files from hosts to this machine",
		ArgsUsage: "REMOTE… DIR",
		Description: `Each host gets a folder in DIR; when DIR contains {host}, it names one file for each host instead. Times and
permissions are kept, owners are not. A path that does not begin with / is below the home folder on the host. Links that
lead out of the host's folder, devices and the like are refused and reported. hail diff of two fetches shows what has
changed.

Examples:
  hail fetch -g web /etc/nginx backups
  hail fetch -w 'web[01-20]' '/var/log/nginx/*.log' logs
  hail fetch -a /etc/hosts 'hosts/{host}.txt'
  hail fetch -g db --sudo /etc/shadow secret
  hail fetch -a .bashrc '~/.ssh/authorized_keys' homes`,
		Flags: slices.Concat(targetFlags(), []cli.Flag{
			&cli.IntFlag{Name: "max-entries", Category: category, Value: fetch.MostEntries, Usage: "accept at most `N` files and folders from a host"},
			&cli.StringFlag{Name: "max-bytes", Category: category, Usage: "accept at most `SIZE` from a host (default: 16GiB)"},
			&cli.IntFlag{Name: "max-depth", Category: category, Value: fetch.MostDepth, Usage: "accept paths that are at most `N` folders deep"},
		}, endingFlags(category, "fetch"), confirmFlags(category), becomeFlags(), connectionFlags(), limitFlags(), retryFlags(), outputFlags(), recordFlags()),
		Action: func(c *cli.Context) error {
			f, err := fetchOf(c)
			if err != nil {
				return err
			}
			return fanOut(e, c, func(*inventory.Inventory, []inventory.Host) (job, error) {
				return job{spec: f.Spec(), what: "fetch " + strings.Join(c.Args().Slice(), " ")}, nil
			})
		},
	}
}

// fetchOf returns what the arguments and options say is to be fetched.
func fetchOf(c *cli.Context) (f fetch.Fetch, err error) {
	args := c.Args().Slice()
	if len(args) < 2 || args[len(args)-1] == "" {
		return f, usage("hail fetch -g web /etc/nginx backups", "hail fetch takes paths on the hosts and a folder here")
	}
	if err := positive(c, "max-entries", "max-depth"); err != nil {
		return f, err
	}
	f.Entries, f.Depth = c.Int("max-entries"), c.Int("max-depth")
	if f.Bytes, err = size(c, "max-bytes"); err != nil {
		return f, err
	}
	f.Bytes = cmp.Or(f.Bytes, fetch.MostBytes)
	for _, p := range args[:len(args)-1] {
		if first, _, _ := strings.Cut(p, "/"); p == "" || len(first) > 1 && first[0] == '~' {
			return f, usage("~/ is the home folder of the user who logs in; ~NAME is not supported", "%q is not a path on a host", p)
		}
		if slices.Contains(strings.Split(p, "/"), "..") { // tar leaves it out of the names that it sends
			return f, usage("write the path without ..", "%q leads through ..", p)
		}
		f.Paths = append(f.Paths, runner.Text(p))
	}
	dir := args[len(args)-1]
	if f.Dir, err = filepath.Abs(dir); err != nil {
		return f, err
	}
	if info, err := os.Stat(f.Dir); err == nil && !info.IsDir() {
		return f, usage("the last argument is a folder here, or a path with {host} in it", "%s is a file", dir)
	}
	return f, nil
}
