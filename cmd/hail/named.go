package main

import "github.com/urfave/cli/v2"

// The library asks each option for its names once for each option, and an option works them out with a regular expression
// every time: a tenth of the cost of a run on one host. These types keep the names. And it would cut blanks off the values
// of an option that may be given several times, but not of the others.
type (
	namedFlag struct {
		cli.DocGenerationFlag
		names []string
	}
	namedSlice struct { // separate, to keep the method by which the library sets how values are separated
		*cli.StringSliceFlag
		names []string
	}
)

func (f namedFlag) Names() []string  { return f.names }
func (f namedSlice) Names() []string { return f.names }

// named wraps options to run a command with. The type of a wrapped option no longer tells whether it takes a value:
// TakesValue does.
func named(flags []cli.Flag) (all []cli.Flag) {
	for _, f := range flags {
		switch f := f.(type) {
		case *cli.StringSliceFlag:
			f.KeepSpace = true
			all = append(all, namedSlice{f, f.Names()})
		case cli.DocGenerationFlag:
			all = append(all, namedFlag{f, f.Names()})
		default:
			all = append(all, f)
		}
	}
	return all
}
