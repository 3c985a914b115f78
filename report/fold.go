package report

import (
	"bufio"
	"bytes"
	"hash/crc32"
	"io"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// Folded is text of lines like "host: line", taken apart: what each host said. As Files, it has that as standard output.
type Folded struct {
	*Summary
	Other []string // lines that name no host
	texts map[string]*bytes.Buffer
}

// ReadFolded takes apart what r has, to its end; it is kept in memory. Hosts are in the order in which they come first.
func ReadFolded(r io.Reader) (*Folded, error) {
	f := &Folded{Summary: &Summary{}, texts: map[string]*bytes.Buffer{}}
	plan := &runner.Plan{}
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if host, text, ok := cutHost(line); !ok {
				f.Other = append(f.Other, strings.TrimRight(line, "\r\n"))
			} else {
				if f.texts[host] == nil {
					f.texts[host] = &bytes.Buffer{}
					plan.Hosts = append(plan.Hosts, inventory.Host{Name: host})
				}
				f.texts[host].WriteString(strings.TrimSuffix(text, "\n") + "\n")
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	f.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}})
	for i, h := range plan.Hosts {
		text := f.texts[h.Name].Bytes()
		f.Hosts[i].Stdout = Output{int64(len(text)), crc32.Checksum(text, castagnoli)}
	}
	return f, nil
}

// cutHost takes the name of the host from a line: a word before the first colon.
func cutHost(line string) (host, text string, ok bool) {
	host, text, ok = strings.Cut(line, ":")
	host = strings.TrimSpace(host)
	if !ok || host == "" || strings.ContainsAny(host, " \t") {
		return "", "", false
	}
	return host, strings.TrimPrefix(text, " "), true
}

// Output implements Files.
func (f *Folded) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	text := ""
	if b := f.texts[host]; b != nil && stream == runner.Stdout {
		text = b.String()
	}
	return inMemory{strings.NewReader(text)}, nil
}

// LogPath implements Files; there is none.
func (f *Folded) LogPath(string) string { return "" }

// Path implements Files; there is none.
func (f *Folded) Path() string { return "" }
