package report

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"time"
)

var runID = regexp.MustCompile(`^\d{8}-\d{6}-[a-z0-9]{4}$`)

// idTime is how an id begins.
const idTime = "20060102-150405"

// NewRunID returns an id that sorts by time, 20261123-150405-k3f9: the second in UTC, two letters for the fraction of
// the second, and two random ones.
func NewRunID(now time.Time) string {
	const letters = "23456789abcdefghjkmnpqrstuvwxyz" // in order, and no two that look alike
	n := len(letters)
	part := int(int64(now.Nanosecond()) * int64(n*n) / int64(time.Second))
	var chance [2]byte
	rand.Read(chance[:])
	return now.UTC().Format(idTime) + "-" + string([]byte{
		letters[part/n], letters[part%n], letters[int(chance[0])%n], letters[int(chance[1])%n]})
}

// Started returns when the run with this id began, to the second.
func Started(id string) (time.Time, error) {
	if !runID.MatchString(id) {
		return time.Time{}, fmt.Errorf("%q is not the id of a run", id)
	}
	return time.Parse(idTime, id[:len(idTime)])
}
