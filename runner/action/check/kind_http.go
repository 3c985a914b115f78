package check

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// mostBody is how much of a body is read.
const mostBody = 1 << 20

// http sends a request to a server. A redirect is an answer like any other, unless follow is set.
var _ = register(&kind{
	name: "http", subject: "url", main: "status",
	params:  map[string]shape{"method": text, "host": text, "insecure": yesNo, "follow": yesNo},
	attrs:   map[string]shape{"reachable": yesNo, "status": number, "headers": fields, "body": text},
	implied: Want{"reachable", Matcher{Op: equals, Want: true}},
	verify: func(c *Check) error {
		u, err := url.Parse(c.Params["url"])
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("%q is not a URL like http://127.0.0.1:8080/health", c.Params["url"])
		}
		return nil
	},
	outside: func(ctx context.Context, dial dialer, c *Check) *seen {
		request, err := http.NewRequestWithContext(ctx, c.Params["method"], c.Params["url"], nil)
		if err != nil {
			return cannot("%v", err)
		}
		request.Host = c.Params["host"]
		request.Header.Set("User-Agent", "hail")
		client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: c.Params["insecure"] == "true"}}}
		if c.Params["follow"] != "true" {
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		}
		answer, err := client.Do(request)
		if err != nil {
			return unreached(err)
		}
		defer answer.Body.Close()
		s := &seen{values: map[string]any{"reachable": true, "status": float64(answer.StatusCode)}, cannot: map[string]string{}}
		headers := map[string]any{}
		for name, all := range answer.Header {
			headers[name] = strings.Join(all, ", ")
		}
		s.values["headers"] = headers
		in := io.Reader(answer.Body)
		if answer.Header.Get("Content-Encoding") == "gzip" { // sent although it was not asked for
			in, err = gzip.NewReader(in)
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(io.LimitReader(in, mostBody+1))
		}
		switch {
		case err != nil:
			s.cannot["body"] = "it arrived incomplete: " + plainError(err)
		case len(body) > mostBody:
			s.cannot["body"] = "it is larger than 1 MiB"
		default:
			s.values["body"] = c.trimNewline(string(body))
		}
		return s
	},
})

// trimNewline drops one newline at the end of a body, as the command check does.
func (c *Check) trimNewline(s string) string {
	if c.Params["exact"] != "" {
		return s
	}
	return strings.TrimSuffix(s, "\n")
}
