package report

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"
)

var runID = regexp.MustCompile(`^\d{8}-\d{6}-[a-z0-9]{4}$`)

const (
	idTime    = "20060102-150405"                 // the beginning of an id
	idLetters = "23456789abcdefghjkmnpqrstuvwxyz" // in order, and no two that look alike
)

// NewRunID returns an id that sorts by time, 20261123-150405-k3f9: the second in UTC, two letters for the fraction of
// the second, and two random ones.
func NewRunID(now time.Time) string {
	const n = len(idLetters)
	part := int(int64(now.Nanosecond()) * int64(n*n) / int64(time.Second))
	var chance [2]byte
	rand.Read(chance[:])
	return now.UTC().Format(idTime) + "-" + string([]byte{
		idLetters[part/n], idLetters[part%n], idLetters[int(chance[0])%n], idLetters[int(chance[1])%n]})
}

// NextRunID is NewRunID for a record in dir: the id sorts after those that are there, even if the clock has been set back,
// unless one is of the end of the year 9999. Which run is the last one, and which repeats a part of which, is told by the
// order of the ids.
func NextRunID(dir string, now time.Time) string {
	if ids, err := List(dir); err == nil && len(ids) > 0 {
		if next := drawn(ids[0]).Add(2 * time.Millisecond); next.After(now) && next.Year() <= 9999 {
			now = next
		}
	}
	return NewRunID(now)
}

// drawn returns when NewRunID made this id, to about a millisecond. The id must be one of a run.
func drawn(id string) time.Time {
	const n = len(idLetters)
	second, _ := Started(id)
	part := max(0, strings.IndexByte(idLetters, id[16]))*n + max(0, strings.IndexByte(idLetters, id[17]))
	return second.Add(time.Duration(part) * time.Second / time.Duration(n*n))
}

// Started returns when the run with this id began, to the second.
func Started(id string) (time.Time, error) {
	if runID.MatchString(id) {
		if began, err := time.Parse(idTime, id[:len(idTime)]); err == nil {
			return began, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not the id of a run: NewRunID makes one", id)
}
