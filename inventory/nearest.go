package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// DidYouMean returns a hint with the candidate that word is most likely a misspelling of, or "" when none is near.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// MeantKey returns a hint with the key of a mapping that was meant by an unknown one, or "" when none is near.
func MeantKey(key string, known []string) string {
	if name, value, ok := strings.Cut(key, ":"); ok && slices.Contains(known, name) {
		return fmt.Sprintf("a blank belongs after the colon: %s: %s", name, value)
	}
	return DidYouMean(key, known)
}

// Nearest returns the candidate that word is most likely a misspelling of, or "" when none is near.
func Nearest(word string, candidates []string) string {
	best, least := "", max(2, min(len(word)/3+1, 4))
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c), least); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the restricted Damerau-Levenshtein distance of a and b: the number of bytes to insert, delete, replace
// or swap with a neighbour. It is exact only below limit; at limit or above it means that a and b are too far apart.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
		if slices.Min(row) >= limit {
			return limit
		}
	}
	return row[len(b)]
}
