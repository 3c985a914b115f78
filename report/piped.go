package report

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// Piped is a text with lines such as "host: line", taken apart by host. As Files, it has the lines of a host as its
// standard output.
type Piped struct {
	*Summary
	Memory
	Other []string // lines without the name of a host
}

// ReadPiped reads r to its end, and keeps it in memory. Hosts are in the order in which they first appear. It is an error
// if there are more than 512 MiB.
func ReadPiped(r io.Reader) (*Piped, error) { return readPiped(r, 512<<20) }

func readPiped(r io.Reader, most int64) (*Piped, error) {
	p := &Piped{Summary: &Summary{}}
	plan := &runner.Plan{}
	lines := map[string]io.Writer{}
	limited := &io.LimitedReader{R: r, N: most + 1}
	in := bufio.NewReader(limited)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if host, text, ok := cutHost(line); !ok {
				p.Other = append(p.Other, strings.TrimRight(line, "\r\n"))
			} else {
				if lines[host] == nil {
					h := inventory.Host{Name: host}
					lines[host], _, _ = p.Open(h, 1)
					plan.Hosts = append(plan.Hosts, h)
				}
				io.WriteString(lines[host], strings.TrimSuffix(text, "\n")+"\n")
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("the input has more than %d MiB, and all of it is kept in memory", most>>20)
	}
	p.Add([]runner.Event{{Kind: runner.KindPlan, Plan: plan}})
	for i, h := range plan.Hosts {
		text := p.texts[place{h.Name, 1, runner.Stdout}].String()
		p.Hosts[i].Stdout = Output{int64(len(text)), crc32.Checksum([]byte(text), castagnoli)}
	}
	return p, nil
}

// cutHost cuts a line after the name of the host: at the first colon that is not in brackets, as in an IPv6 address.
func cutHost(line string) (host, text string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	address := ""
	if end := strings.IndexByte(line, ']'); end > 0 && line[0] == '[' {
		address, line = line[:end], line[end:]
	}
	host, text, ok = strings.Cut(line, ":")
	host = address + strings.TrimRight(host, " \t")
	return host, strings.TrimPrefix(text, " "), ok && inventory.CheckName(host) == nil
}
