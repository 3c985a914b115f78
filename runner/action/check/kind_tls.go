package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"math"
	"net"
	"slices"
	"strings"
	"time"
)

// anySuite lists every cipher suite, the insecure ones too: the certificate is looked at, and nothing is sent.
var anySuite = func() (ids []uint16) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}()

// tls looks at the certificate that a server presents. valid says whether this machine would trust it for the name.
var _ = register(&kind{
	name: "tls", subject: "address", main: "days_left",
	params:  map[string]shape{"server_name": text},
	attrs:   map[string]shape{"reachable": yesNo, "valid": yesNo, "days_left": number, "issuer": text, "names": texts},
	implied: Want{"reachable", Matcher{Op: equals, Want: true}},
	verify:  hostPort,
	outside: func(ctx context.Context, dial dialer, c *Check) *seen {
		conn, s := dial.reach(ctx, c.Params["address"])
		if s != nil {
			return s
		}
		defer conn.Close()
		host, _, _ := net.SplitHostPort(c.Params["address"])
		name := cmp.Or(c.Params["server_name"], host)
		var chain []*x509.Certificate
		early, proven := false, false // whether the server proves its key before it asks for ours, and has done so
		client := tls.Client(conn, &tls.Config{ServerName: name,
			InsecureSkipVerify: true, // verified below
			MinVersion:         tls.VersionTLS10, CipherSuites: anySuite,
			VerifyConnection: func(s tls.ConnectionState) error {
				chain = s.PeerCertificates
				early = !strings.HasPrefix(tls.CipherSuiteName(s.CipherSuite), "TLS_RSA_")
				return nil
			},
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				proven = early
				return &tls.Certificate{}, nil
			}})
		// The server may end the handshake because it wants a client certificate. It has shown its own by then.
		if err := client.HandshakeContext(ctx); err != nil && !proven {
			return &seen{values: map[string]any{"reachable": false}, because: plainError(err)}
		}
		leaf := chain[0]
		between := x509.NewCertPool()
		for _, cert := range chain[1:] {
			between.AddCert(cert)
		}
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Intermediates: between})
		names := []any{}
		for _, n := range leaf.DNSNames {
			names = append(names, n)
		}
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		s = &seen{values: map[string]any{"reachable": true, "valid": err == nil, "days_left": math.Floor(time.Until(leaf.NotAfter).Hours() / 24),
			"issuer": leaf.Issuer.String(), "names": names}}
		if err != nil && slices.Contains(c.attributes(), "valid") {
			s.because = err.Error()
		}
		return s
	},
})
