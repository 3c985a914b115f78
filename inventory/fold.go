package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// Fold writes names in a short form, for display: each once, in natural order, and with ranges, "web[01-03,07]". The
// result is a target expression for the same set: no pattern in it stands for more hosts than a pattern may.
func Fold(names []string) string {
	var folded []string
	byShape := map[int][][]string{}
	for _, name := range names {
		if strings.Contains(name, ":") { // of an IPv6 address, whose digits are no numbers to fold
			folded = append(folded, name)
			continue
		}
		row := tokens(name)
		byShape[len(row)] = append(byShape[len(row)], row)
	}
	for width, group := range byShape {
		for dim := min(width-2, 2*maxDims-1); dim > 0; dim -= 2 {
			group = foldDim(group, dim)
		}
		for _, r := range group {
			folded = append(folded, strings.Join(r, ""))
		}
	}
	slices.SortFunc(folded, compareNatural)
	return strings.Join(slices.Compact(folded), " ")
}

// maxDims is how many numbers of a name are folded; the ones after them stay as they are.
const maxDims = 6

// tokens splits a name into alternating text and numbers: text at even indexes, numbers at odd ones. Only the first
// and the last text may be empty. A run of digits that is too long for a number is text.
func tokens(name string) []string {
	var out []string
	text := 0
	for i := 0; i < len(name); {
		n := leadingDigits(name[i:])
		if n == 0 {
			i++
			continue
		}
		if n <= maxDigits {
			out = append(out, name[text:i], name[i:i+n])
			text = i + n
		}
		i += n
	}
	return append(out, name[text:])
}

// foldDim joins the rows that differ only in the number at index dim.
func foldDim(rows [][]string, dim int) [][]string {
	alike := map[string][][]string{}
	var b strings.Builder
	for _, r := range rows {
		b.Reset()
		for i, token := range r {
			if i != dim {
				b.WriteString(token)
			}
			b.WriteByte(0)
		}
		alike[b.String()] = append(alike[b.String()], r)
	}
	out := make([][]string, 0, len(alike))
	for _, group := range alike {
		if len(group) == 1 {
			out = append(out, group[0])
			continue
		}
		numbers := make([]string, len(group))
		for i, r := range group {
			numbers[i] = r[dim]
		}
		slices.SortFunc(numbers, func(a, b string) int {
			return cmp.Or(len(a)-len(b), strings.Compare(a, b)) // shorter ones first: web[01-99,100]
		})
		for some := range slices.Chunk(slices.Compact(numbers), maxExpansion/expansion(group[0])) {
			r := slices.Clone(group[0])
			r[dim] = ranges(some)
			out = append(out, r)
		}
	}
	return out
}

// expansion is how many names a row stands for.
func expansion(row []string) int {
	n := int64(1)
	for i := 1; i < len(row); i += 2 {
		pieces, _ := parsePattern(row[i]) // a number, or what ranges returned
		n *= pieces[0].count()
	}
	return int(n)
}

// ranges writes sorted numbers as "[1-3,07]", and a single number as it is. If any number of some length has a
// leading zero, all numbers of that length count as padded.
func ranges(numbers []string) string {
	if len(numbers) == 1 {
		return numbers[0]
	}
	isPadding := map[int]bool{}
	for _, n := range numbers {
		if padded(n) {
			isPadding[len(n)] = true
		}
	}
	padding := func(n string) int {
		if isPadding[len(n)] {
			return len(n)
		}
		return 0
	}
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && padding(numbers[j]) == padding(numbers[j+1]) && follows(numbers[j], numbers[j+1]) {
			j++
		}
		if j == i {
			parts = append(parts, numbers[i])
		} else {
			parts = append(parts, numbers[i]+"-"+numbers[j])
		}
		i = j + 1
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// follows says whether b is a plus one. Both have the same padding.
func follows(a, b string) bool {
	next := []byte(a)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i] != '9' {
			next[i]++
			return string(next) == b
		}
		next[i] = '0'
	}
	return "1"+string(next) == b
}
