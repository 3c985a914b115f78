package main

import "github.com/urfave/cli/v2"

// The library asks each option for its names once for each option, and they work them out with a regular expression every time: a
// tenth of what a run on one host costs. These know theirs.
type (
	namedFlag struct {
		cli.DocGenerationFlag
		names []string
	}
	namedSlice struct { // apart, because the library tells it how values are separated, by a method with a type of its own
		*cli.StringSliceFlag
		names []string
	}
)

func (f namedFlag) Names() []string  { return f.names }
func (f namedSlice) Names() []string { return f.names }

// named are the same options, to run a command with. Their type no longer tells what values they take: TakesValue does.
func named(flags []cli.Flag) (all []cli.Flag) {
	for _, f := range flags {
		switch f := f.(type) {
		case *cli.StringSliceFlag:
			all = append(all, namedSlice{f, f.Names()})
		case cli.DocGenerationFlag:
			all = append(all, namedFlag{f, f.Names()})
		default:
			all = append(all, f)
		}
	}
	return all
}
