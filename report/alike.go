package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"

	"hail/runner"
)

// joinAlike joins the groups that look the same through the masks of their hosts. A group whose hosts do not look the
// same among themselves stays as it is: what they printed is specific to one of them, and not to the others.
func joinAlike(groups []*group, s *Summary, files Files) (joined []*group, err error) {
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
	digest := func(r *Result) [sha256.Size]byte {
		sum, e := maskedDigest(files, r, masks[r])
		err = cmp.Or(err, e)
		return sum
	}
	joined = joinMasked(groups, func(g *group) (appearance, bool) {
		first := g.results[0]
		g.mask = masks[first]
		looks := appearance{first.Status, first.Reason, first.Exit, digest(first)}
		return looks, !slices.ContainsFunc(g.results[1:], func(r *Result) bool { return digest(r) != looks.digest })
	}, func(g, other *group) { g.results, g.differ = append(g.results, other.results...), true })
	return joined, err
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
	f, has, err := openKept(files, r, stream)
	if err != nil {
		return err
	}
	defer f.Close()
	if has.left > 0 { // what is left out can't be masked: it has to be the same
		all := r.output(stream)
		fmt.Fprintf(h, "%d %08x\n", all.Length, all.Checksum)
	}
	return sayDamaged(h, m.copy(h, f))
}
