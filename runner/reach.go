package runner

import "time"

// Reach describes the way to a host: where it led, who answered, and how long each phase took. A phase that was not
// entered is zero.
type Reach struct {
	Address    string        `json:"address,omitempty"` // IP and port that answered, or the name where none did
	User       string        `json:"user,omitempty"`
	Server     string        `json:"server,omitempty"`     // the version line of the server
	HostKey    string        `json:"host_key,omitempty"`   // type and SHA-256 fingerprint
	Unverified bool          `json:"unverified,omitempty"` // nothing vouches for that key: no password goes to this host
	Phase      Phase         `json:"phase,omitempty"`      // the unfinished one; empty: none
	Queue      time.Duration `json:"queue_ns,omitempty"`   // waiting for a turn to connect
	DNS        time.Duration `json:"dns_ns,omitempty"`
	TCP        time.Duration `json:"tcp_ns,omitempty"`
	Handshake  time.Duration `json:"handshake_ns,omitempty"` // version, key exchange, host key
	Login      time.Duration `json:"login_ns,omitempty"`
}

// Phase is a part of the way to a host.
type Phase string

// The phases, in order. No way to a host has them all.
const (
	PhaseDNS       Phase = "dns"
	PhaseTCP       Phase = "tcp"       // through a jump host or a master: from there
	PhaseProxy     Phase = "proxy"     // until the ProxyCommand has started
	PhaseMaster    Phase = "master"    // until the OpenSSH master answers
	PhaseHandshake Phase = "handshake" // version, key exchange, host key
	PhaseLogin     Phase = "login"
)

// Reacher is a Conn that can tell how its host was reached.
type Reacher interface{ Reach() Reach }

// reach reports how far the connection to the host got, if that is known.
func (r *run) reach(it *item, reach *Reach) {
	if reach != nil {
		r.emit(Event{Kind: KindReach, Host: it.host.Name, Attempt: it.tries, Reach: reach})
	}
}
