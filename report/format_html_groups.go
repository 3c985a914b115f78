package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"hail/inventory"
	"hail/runner"
)

// What the page has of outputs: so many bytes of a stream, so many of all of them together, and so many diffs.
const (
	htmlExcerpt = 16 << 10
	htmlOutput  = 48 << 20
	htmlDiffs   = 50
)

// What a host has instead of the index of its group: it printed nothing, or the page has no room for its output.
const (
	noOutput     = -1
	inRecordOnly = -2
)

type htmlGroup struct {
	Status runner.Status `json:"status"`
	How    string        `json:"how"`
	Hosts  string        `json:"hosts"`
	Count  int           `json:"count"`
	Out    string        `json:"out"`
	Err    string        `json:"err"`
	Diff   string        `json:"diff,omitempty"`
}

// htmlGroups are the groups of equal output that the page has room for, the largest first.
type htmlGroups struct {
	shown []htmlGroup
	of    map[*Result]int // the index in shown of each host's group
	left  int             // how many groups there is no room for
}

func (r *Report) htmlGroups() (page htmlGroups, err error) {
	groups, err := gather(r.Summary, r.Files, Gathering{})
	if err != nil {
		return page, err
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return len(b.results) - len(a.results) })
	page.shown = []htmlGroup{}
	page.of = map[*Result]int{}
	size := 0
	for i, g := range groups {
		if size > htmlOutput {
			page.left = len(groups) - i
			break
		}
		first := g.results[0]
		one := htmlGroup{
			Status: first.Status,
			How:    first.ending(r.DryRun),
			Hosts:  inventory.Fold(g.hosts()),
			Count:  len(g.results),
			Out:    r.excerpt(first, runner.Stdout, htmlExcerpt),
			Err:    r.excerpt(first, runner.Stderr, htmlExcerpt),
		}
		if i > 0 && i <= htmlDiffs {
			_, one.Diff, _ = strings.Cut(udiff.Unified("", "", page.shown[0].Out, one.Out), "+++ \n")
		}
		size += len(one.Out) + len(one.Err)
		for _, host := range g.results {
			page.of[host] = i
		}
		page.shown = append(page.shown, one)
	}
	return page, nil
}

// note says which groups there are. It is empty if no host printed anything.
func (g htmlGroups) note() string {
	if len(g.shown) == 0 {
		return ""
	}
	note := fmt.Sprintf("%s of equal output, the largest first, with the last %d KiB of each.", counted(len(g.shown)+g.left, "group"), htmlExcerpt>>10)
	if len(g.shown) > htmlDiffs+1 {
		note += fmt.Sprintf(" The next %d also show how they differ from the largest.", htmlDiffs)
	}
	if g.left > 0 {
		note += fmt.Sprintf(" %s more are only in the record.", thousands(g.left))
	}
	return note
}

// groupOf returns the index of the host's group, or what stands for it.
func (g htmlGroups) groupOf(host *Result) int {
	if i, ok := g.of[host]; ok {
		return i
	}
	if host.printed() {
		return inRecordOnly
	}
	return noOutput
}
