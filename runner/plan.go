package runner

import (
	"bytes"
	"encoding/json"
	"fmt"

	"hail/inventory"
)

// Plan describes a run as data that can be printed, compared, and written down before anything happens. It holds no
// functions, no connections and no secrets.
//
// Run itself follows DryRun, Fanout, the Pace but for its Gate, Budget, Retry, TTY and, but for Connect, the Clocks. The other
// settings are for the code that makes the Action, the Dialer, the Outputs and the Gates of the run.
type Plan struct {
	Run            string `json:"run"`              // the run's id, unique and sortable by time, as report.NewRunID makes it
	Name           string `json:"name,omitempty"`   // the user's name for it
	Parent         string `json:"parent,omitempty"` // the run that this one repeats in part
	Action         Spec   `json:"action"`
	DryRun         bool   `json:"dry_run,omitempty"`         // change nothing on hosts: one that would change ends as changed; if the Action is no DryRunner, each ends as error, unreached
	Fanout         int    `json:"fanout"`                    // hosts at once; below 1: all
	Connecting     int    `json:"connecting"`                // handshakes at once; below 1: no limit
	ConnectingMost int    `json:"connecting_most,omitempty"` // the same while logins are quick; below Connecting: no more
	PerAddress     int    `json:"per_address"`               // handshakes at once per address; below 1: no limit
	Pace
	Budget     Budget           `json:"budget,omitzero"`       // how much may go wrong before the run stops
	Retry      Retry            `json:"retry,omitzero"`        // how often a host is tried again
	Clocks     Clocks           `json:"clocks"`                // the limits on time
	MaxOutput  int64            `json:"max_output,omitempty"`  // bytes to keep of each stream, from its beginning and end; 0: all
	HostKeys   string           `json:"host_keys,omitempty"`   // strict, accept-new, off; empty: as in ssh_config, or strict
	SSHConfig  string           `json:"ssh_config,omitempty"`  // -F: the one ssh_config to read, or "none"
	SSHOptions []string         `json:"ssh_options,omitempty"` // -o: Key=Value, ahead of every ssh_config
	AllowExec  bool             `json:"allow_exec,omitempty"`  // ssh_config may run programs
	AskSSH     bool             `json:"ask_ssh,omitempty"`     // let ssh -G evaluate ssh_config
	Control    string           `json:"control,omitempty"`     // socket of an OpenSSH master to use, with tokens as in ControlPath
	Login      LoginPassword    `json:"login,omitzero"`        // the password for the login
	Sudo       Password         `json:"sudo,omitzero"`         // the password for sudo
	TTY        bool             `json:"tty,omitempty"`         // run commands on a terminal
	Checks     []Check          `json:"checks,omitempty"`      // checks that the action makes on each host, in order
	Fleet      []Check          `json:"fleet,omitempty"`       // checks made over all hosts when they have ended
	Hosts      []inventory.Host `json:"hosts"`                 // each name once; a plan is recorded, so without the values of secret vars (Host.Redact)
	Indexes    []int            `json:"indexes,omitempty"`     // of all hosts, when the run repeats part of another; where there is none: the place in Hosts
}

// Index returns the number of the i-th host, which its commands see as $HAIL_INDEX. Numbers rise with i, and stay the
// same when a run is repeated in part.
func (p *Plan) Index(i int) int {
	if i >= len(p.Indexes) {
		return i
	}
	return p.Indexes[i]
}

// AtOnce returns how many hosts are worked on at once: the fan-out, unless no wave is that large.
func (p *Plan) AtOnce() (most int) {
	for _, size := range p.Waves.Sizes(len(p.Hosts)) {
		most = max(most, size)
	}
	if p.Fanout > 0 {
		most = min(most, p.Fanout)
	}
	return most
}

// Part returns the plan for only the hosts at these places of p.Hosts, in rising order.
func (p *Plan) Part(places []int) *Plan {
	part := *p
	part.Hosts, part.Indexes = nil, nil
	for _, i := range places {
		part.Hosts = append(part.Hosts, p.Hosts[i])
		part.Indexes = append(part.Indexes, p.Index(i))
	}
	return &part
}

// Pace holds hosts back although the fan-out has room for them. The zero value holds none back.
type Pace struct {
	Per   *PerVar  `json:"per,omitempty"`   // hosts at once per value of a var; nil: no limit
	Rate  float64  `json:"rate,omitempty"`  // attempts started per second; 0: no limit
	Splay Duration `json:"splay,omitempty"` // longest random delay before a host of a wave starts
	Waves Waves    `json:"waves,omitempty"` // sizes of the waves that run in turn; empty: one wave of all
	Pause Duration `json:"pause,omitempty"` // between waves
	Gate  string   `json:"gate,omitempty"`  // command on this machine that lets the next wave begin
}

// Duration is a duration that is written with its unit.
type Duration = inventory.Duration

// Password says where a password comes from, never what it is. The zero value is no password.
type Password struct {
	Ask     bool   `json:"ask,omitempty"`     // ask the user, on the terminal
	Command string `json:"command,omitempty"` // command on this machine that prints it as its first line
}

// LoginPassword is the Password of a login, and when it is given up.
type LoginPassword struct {
	Password
	Refusals int `json:"refusals,omitempty"` // after so many, if no host has accepted it; 0: never
}

// The kinds of the ready-made actions. An action of your own has another one.
const (
	ActionPing     = "ping"
	ActionExec     = "exec"
	ActionScript   = "script"
	ActionPush     = "push"
	ActionFetch    = "fetch"
	ActionCheck    = "check"
	ActionBaseline = "baseline"
)

// Spec names an action and holds its arguments; action.New builds the action from it.
type Spec struct {
	Kind string          `json:"kind"`
	Args json.RawMessage `json:"args,omitempty"`
}

// NewSpec returns the Spec of an action, with the action's fields as arguments. It panics if JSON can't hold them.
func NewSpec(kind string, action any) Spec {
	args, err := json.Marshal(action)
	if err != nil {
		panic(err)
	}
	return Spec{Kind: kind, Args: args}
}

// Decode is the inverse of NewSpec: it stores the arguments in into. Unknown arguments are an error.
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
	Most int    `json:"most"` // below 1: no limit
}

// Clocks are the limits on time.
type Clocks struct {
	Connect Duration `json:"connect"`           // reaching a host: DNS, TCP, handshake and login together
	Attempt Duration `json:"attempt,omitempty"` // one attempt, from the first command on; 0: no limit
	Run     Duration `json:"run,omitempty"`     // the whole run; 0: no limit
	Grace   Duration `json:"grace"`             // between asking a remote command to end and killing it
}
