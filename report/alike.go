package report

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"hail/runner"
)

// joinAlike joins the groups that look the same through the masks of their hosts. A group whose hosts do not look the
// same among themselves stays as it is: what they printed is specific to one of them, and not to the others.
func joinAlike(groups []group, s *Summary, files Files) (joined []group, err error) {
	type appearance struct {
		status runner.Status
		reason runner.Reason
		exit   int
		digest [sha256.Size]byte
	}
	masks := make(map[*Result]mask, len(s.Hosts))
	for i := range s.Hosts {
		masks[&s.Hosts[i]] = s.mask(i)
	}
	at := map[appearance]int{}
	for _, g := range groups {
		first := g.results[0]
		g.mask = masks[first]
		key := appearance{status: first.Status, reason: first.Reason, exit: first.Exit}
		if key.digest, err = maskedDigest(files, first, g.mask); err != nil {
			return nil, err
		}
		one := true
		for _, r := range g.results[1:] {
			sum, err := maskedDigest(files, r, masks[r])
			if err != nil {
				return nil, err
			}
			one = one && sum == key.digest
		}
		if i, known := at[key]; one && known {
			joined[i].differ = true
			joined[i].results = append(joined[i].results, g.results...)
			continue
		}
		if one {
			at[key] = len(joined)
		}
		joined = append(joined, g)
	}
	return joined, nil
}

// maskedDigest returns a digest of what the host printed, masked.
func maskedDigest(files Files, r *Result, m mask) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, stream := range streams {
		if err := m.digest(h, files, r, stream); err != nil {
			return sum, err
		}
		h.Write([]byte{0xff, 0}) // between the streams
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

func (m mask) digest(h hash.Hash, files Files, r *Result, stream runner.Stream) error {
	f, has, err := openKept(files, r, stream, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if has.left > 0 { // what is left out can't be masked: it has to be the same
		all := r.output(stream)
		fmt.Fprintf(h, "%d %08x\n", all.Length, all.Checksum)
	}
	return m.copy(h, f)
}
