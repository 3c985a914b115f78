package main

import (
	"iter"

	"hail/inventory"
	"hail/report"
	"hail/runner"
)

// job is what a command does on hosts: the action as data, and whatever the plan can't hold or must not.
type job struct {
	spec           runner.Spec
	what           string                     // the action in a few words
	secrets        map[string]string          // values of secret variables, by name; see addSecret
	blobs          []report.Blob              // contents that spec refers to, which the record keeps
	private        []report.Blob              // contents that the record must not hold
	remark         string                     // an additional line when the run begins
	checks         []runner.Check             // on each host
	fleet          []runner.Check             // over all hosts
	earlier        []iter.Seq[[]runner.Event] // events of the runs that this one repeats a part of
	before         *report.Summary            // the run to compare the checks with; may be nil
	timeout        inventory.Duration         // for one host, unless the user gives one; 0: none
	raw            bool                       // print what the hosts print, byte for byte
	verbose        bool                       // show the steps on the way to a host, as --verbose does
	dryRunConnects bool                       // a dry run reaches the hosts too, and changes nothing there
	begin          func() error               // called before the run is recorded, again for each id that is tried; may be nil
}

func (j *job) addSecret(name, value string) {
	if j.secrets == nil {
		j.secrets = map[string]string{}
	}
	j.secrets[name] = value
}
