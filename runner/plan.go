package runner

import (
	"bytes"
	"encoding/json"
	"fmt"

	"hail/inventory"
)

// Plan is what a run will do, as data: printable, comparable, written down before anything happens. It holds no
// functions, no connections and no secrets.
type Plan struct {
	Run            string           `json:"run"`              // the run's id, unique and sortable by time
	Name           string           `json:"name,omitempty"`   // the user's name for it
	Parent         string           `json:"parent,omitempty"` // the run of which this does a part again
	Action         Spec             `json:"action"`
	DryRun         bool             `json:"dry_run,omitempty"`         // hosts are looked at, and nothing on them is changed: a host that would be counts as changed
	Fanout         int              `json:"fanout"`                    // hosts at once; below 1: all
	Connecting     int              `json:"connecting"`                // handshakes at once; below 1: no limit
	ConnectingMost int              `json:"connecting_most,omitempty"` // and up to so many while they are quick; below Connecting: the same
	PerAddress     int              `json:"per_address"`               // handshakes at once with one address; below 1: no limit
	Per            *PerVar          `json:"per,omitempty"`             // hosts at once for each value of a var; nil: no limit
	Rate           float64          `json:"rate,omitempty"`            // attempts that start in a second; 0: no limit
	Splay          Duration         `json:"splay,omitempty"`           // each host of a wave starts after a random part of this
	Waves          Waves            `json:"waves,omitempty"`           // one after the other
	Pause          Duration         `json:"pause,omitempty"`           // between waves
	Gate           string           `json:"gate,omitempty"`            // the command on this machine that lets the next wave begin
	Budget         Budget           `json:"budget,omitzero"`           // how much may go wrong before the run stops
	Retry          Retry            `json:"retry,omitzero"`            // how often a host is tried again
	Clocks         Clocks           `json:"clocks"`                    // the limits on time
	MaxOutput      int64            `json:"max_output,omitempty"`      // bytes of each stream that are kept, from its beginning and its end; 0: all
	HostKeys       string           `json:"host_keys,omitempty"`       // strict, accept-new or off; empty: what ssh_config says, or strict
	SSHConfig      string           `json:"ssh_config,omitempty"`      // -F: the one ssh_config to read, or "none"
	SSHOptions     []string         `json:"ssh_options,omitempty"`     // -o: Key=Value, before every ssh_config
	AllowExec      bool             `json:"allow_exec,omitempty"`      // ssh_config may run programs
	AskSSH         bool             `json:"ask_ssh,omitempty"`         // ssh -G says what ssh_config means
	Control        string           `json:"control,omitempty"`         // socket of an OpenSSH master to go through, with tokens as in ControlPath
	Login          Password         `json:"login,omitzero"`            // to log in with
	Sudo           Password         `json:"sudo,omitzero"`             // of sudo
	TTY            bool             `json:"tty,omitempty"`             // commands have a terminal
	Bare           bool             `json:"bare,omitempty"`            // send commands without the wrapper that ends them
	Checks         []Check          `json:"checks,omitempty"`          // that the action makes on each host, in this order
	Fleet          []Check          `json:"fleet,omitempty"`           // that are made over all hosts, when they have ended
	Hosts          []inventory.Host `json:"hosts"`
	Indexes        []int            `json:"indexes,omitempty"` // of the hosts, for a run that repeats a part of another; nil: 0, 1, 2 …
}

// Index is the number of the i-th host, by which its command knows it: rising, and the same when a run is repeated in part.
func (p *Plan) Index(i int) int {
	if p.Indexes == nil {
		return i
	}
	return p.Indexes[i]
}

// Part is the plan for those of its hosts alone that are at these places, in rising order.
func (p *Plan) Part(places []int) *Plan {
	part := *p
	part.Hosts, part.Indexes = nil, nil
	for _, i := range places {
		part.Hosts = append(part.Hosts, p.Hosts[i])
		part.Indexes = append(part.Indexes, p.Index(i))
	}
	return &part
}

// Duration is a time that is written with its unit.
type Duration = inventory.Duration

// Password says where a password comes from, and never what it is. The zero value is none.
type Password struct {
	Ask      bool   `json:"ask,omitempty"`      // the user, on the terminal
	Command  string `json:"command,omitempty"`  // the first line that this prints here
	Refusals int    `json:"refusals,omitempty"` // so many hosts may refuse it before any has accepted it; 0: all
}

// Spec names an action and holds its arguments; action.New builds the action from it.
type Spec struct {
	Kind string          `json:"kind"`
	Args json.RawMessage `json:"args,omitempty"`
}

// NewSpec describes an action by its fields, which JSON can hold: it panics otherwise.
func NewSpec(kind string, action any) Spec {
	args, err := json.Marshal(action)
	if err != nil {
		panic(err)
	}
	return Spec{Kind: kind, Args: args}
}

// Decode is the inverse of NewSpec. Arguments that the action does not know are an error.
func (s Spec) Decode(into any) error {
	strict := json.NewDecoder(bytes.NewReader(s.Args))
	strict.DisallowUnknownFields()
	if err := strict.Decode(into); err != nil {
		return fmt.Errorf("arguments of %s: %w", s.Kind, err)
	}
	return nil
}

// PerVar limits how many hosts with the same value of a var run at once. Hosts without the var are not limited.
type PerVar struct {
	Var  string `json:"var"`
	Most int    `json:"most"`
}

// Clocks are the limits on time.
type Clocks struct {
	Connect Duration `json:"connect"`           // reaching a host: DNS, TCP, handshake and login together
	Attempt Duration `json:"attempt,omitempty"` // one attempt, from the first command on; 0: no limit
	Run     Duration `json:"run,omitempty"`     // the whole run; 0: no limit
	Grace   Duration `json:"grace"`             // between asking a remote command to end and killing it
}
