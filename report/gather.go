package report

import (
	"bytes"
	"io"
	"slices"

	"hail/runner"
)

// Gathering says which hosts are shown together, and how. With its zero value, these are hosts that printed the same
// bytes.
type Gathering struct {
	Alike bool // outputs that differ only in a host's own name, address or vars count as the same
	Diff  bool // only the largest group is shown whole; of the others, what differs from it
}

// Gather writes one block for the hosts that ended alike and printed the same: larger groups first, but those that did
// not end well last, so that they stay on the screen. Hosts that printed nothing are only in the summary.
func Gather(w io.Writer, s *Summary, files Files, by Gathering, style Style) error {
	groups, err := gather(s, files, by)
	if err != nil {
		return err
	}
	largest := 0
	for i, g := range groups {
		if len(g.results) > len(groups[largest].results) {
			largest = i
		}
	}
	for i, g := range groups {
		if by.Diff && i != largest {
			err = g.writeDiff(w, groups[largest], files, style)
		} else {
			err = g.write(w, files, style)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// EachHost writes one block for each host that printed something, in the order of the plan.
func EachHost(w io.Writer, s *Summary, files Files, style Style) error {
	for i := range s.Hosts {
		if r := &s.Hosts[i]; r.printed() {
			if err := (&group{results: []*Result{r}}).write(w, files, style); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather returns the groups in the order in which Gather writes them.
func gather(s *Summary, files Files, by Gathering) ([]*group, error) {
	groups, err := gatherSame(s, files)
	if err == nil && by.Alike {
		groups, err = joinAlike(groups, s, files)
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		badA, badB := a.results[0].Status.Bad(), b.results[0].Status.Bad()
		switch {
		case badA && !badB:
			return 1
		case badB && !badA:
			return -1
		}
		return len(b.results) - len(a.results)
	})
	return groups, err
}

// gatherSame groups the hosts that ended alike and printed the same bytes.
func gatherSame(s *Summary, files Files) (groups []*group, err error) {
	type likeness struct {
		status   runner.Status
		reason   runner.Reason
		exit     int
		out, err Output
	}
	var byLikeness inOrder[likeness, []*group]
	for i := range s.Hosts {
		r := &s.Hosts[i]
		if !r.printed() {
			continue
		}
		same := byLikeness.at(likeness{r.Status, r.Reason, r.Exit, r.Stdout, r.Stderr}, nil)
		if *same, err = join(*same, r, files); err != nil {
			return nil, err
		}
	}
	for _, same := range byLikeness.all {
		groups = append(groups, *same...)
	}
	return groups, nil
}

// join puts r into the group that printed the same, byte for byte: equal checksums alone prove nothing.
func join(groups []*group, r *Result, files Files) ([]*group, error) {
	for _, g := range groups {
		same, err := samePrint(files, g.results[0], r)
		if err != nil {
			return nil, err
		}
		if same {
			g.results = append(g.results, r)
			return groups, nil
		}
	}
	return append(groups, &group{results: []*Result{r}}), nil
}

func samePrint(files Files, a, b *Result) (bool, error) {
	for _, stream := range streams {
		if a.output(stream).Length == 0 {
			continue
		}
		same, err := sameBytes(files, a, b, stream)
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func sameBytes(files Files, a, b *Result, stream runner.Stream) (bool, error) {
	fa, err := files.Output(a.Host, stream)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := files.Output(b.Host, stream)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	size := min(a.output(stream).Length, 32<<10) // of ten thousand outputs, most are a line
	bufA, bufB := make([]byte, size), make([]byte, size)
	for {
		n, errA := io.ReadFull(fa, bufA)
		m, errB := io.ReadFull(fb, bufB)
		switch {
		case !bytes.Equal(bufA[:n], bufB[:m]):
			return false, nil
		case errA != nil || errB != nil:
			return ended(errA) && ended(errB), nil
		}
	}
}

func ended(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
