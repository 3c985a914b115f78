package sshconn

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"hail/inventory/sshconfig"
	"hail/inventory/wildcard"
)

// algorithms are those that ssh_config allows for one connection; nil leaves the choice to the library.
type algorithms struct {
	kex, ciphers, macs, hostKeys, publicKeys []string
}

// What the library implements: its defaults (safe), and what it uses only when asked for by name (insecure).
var safe, insecure = inOrder(ssh.SupportedAlgorithms()), ssh.InsecureAlgorithms()

// The algorithms of host keys in ssh's order, so that a new host shows hail and ssh the same one of its keys.
var (
	certAlgorithms = []string{ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01}
	keyAlgorithms  = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
)

// inOrder puts the algorithms of host keys into this order, and those that are not in it at the end.
func inOrder(a ssh.Algorithms) ssh.Algorithms {
	order := slices.Concat(certAlgorithms, keyAlgorithms)
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(a.HostKeys, func(x, y string) int { return place(x) - place(y) })
	return a
}

// newAlgorithms reads ssh_config's lists. It leaves out what the library does not implement; a list of which nothing is
// left is an error.
func newAlgorithms(f sshconfig.Settings) (a algorithms, err error) {
	for _, l := range []struct {
		keyword, list  string
		into           *[]string
		safe, insecure []string
	}{
		{"KexAlgorithms", f.KexAlgorithms, &a.kex, safe.KeyExchanges, insecure.KeyExchanges},
		{"Ciphers", f.Ciphers, &a.ciphers, safe.Ciphers, insecure.Ciphers},
		{"MACs", f.MACs, &a.macs, safe.MACs, insecure.MACs},
		{"HostKeyAlgorithms", f.HostKeyAlgorithms, &a.hostKeys, safe.HostKeys, insecure.HostKeys},
		{"PubkeyAcceptedAlgorithms", f.PubkeyAcceptedAlgorithms, &a.publicKeys, safe.PublicKeyAuths, insecure.PublicKeyAuths},
	} {
		if l.list == "" {
			continue
		}
		if *l.into = choose(l.list, l.safe, slices.Concat(l.safe, l.insecure)); len(*l.into) == 0 {
			return a, fmt.Errorf("ssh_config sets %s to %q, none of which is supported", l.keyword, l.list)
		}
	}
	return a, nil
}

// choose applies a list as ssh does: the list replaces the usual algorithms, or with a leading + is added to them, with
// - taken away from them, with ^ put before them. The names may contain wildcards.
func choose(list string, usual, implemented []string) (chosen []string) {
	how := byte(0)
	if strings.IndexByte("+-^", list[0]) >= 0 {
		how, list = list[0], list[1:]
	}
	var named []string
	for pattern := range strings.SplitSeq(list, ",") {
		for _, name := range implemented {
			if wildcard.Match(pattern, name) && !slices.Contains(named, name) {
				named = append(named, name)
			}
		}
	}
	isNamed := func(name string) bool { return slices.Contains(named, name) }
	rest := slices.DeleteFunc(slices.Clone(usual), isNamed)
	switch how {
	case '-':
		return rest
	case '+':
		return slices.Concat(usual, slices.DeleteFunc(named, func(name string) bool { return slices.Contains(usual, name) }))
	case '^':
		return slices.Concat(named, rest)
	}
	return named
}

// restrict returns the key limited to the accepted algorithms; nil when none of them is for it. If accepted is nil, the
// key is not limited.
func restrict(key ssh.Signer, accepted []string) ssh.Signer {
	if accepted == nil {
		return key
	}
	s, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return key
	}
	kind := key.PublicKey().Type()
	var usable []string
	for _, name := range accepted {
		plain := strings.Replace(name, "-cert-v01@openssh.com", "", 1)
		isRSA := strings.HasPrefix(kind, ssh.KeyAlgoRSA) && strings.HasPrefix(name, "rsa-sha2-")
		if (name == kind || isRSA && strings.Contains(name, "-cert-") == strings.Contains(kind, "-cert-")) && !slices.Contains(usable, plain) {
			usable = append(usable, plain)
		}
	}
	if len(usable) == 0 {
		return nil
	}
	limited, err := ssh.NewSignerWithAlgorithms(s, usable)
	if err != nil {
		return nil
	}
	return limited
}
