package inventory

import (
	"iter"
	"math/bits"
	"slices"
)

// set is a set of non-negative numbers, one bit each.
type set struct{ words []uint64 }

func newSet(size int) *set { return &set{make([]uint64, (size+63)/64)} }

func setOf(size int, numbers []int) *set {
	s := newSet(size)
	for _, i := range numbers {
		s.add(i)
	}
	return s
}

func (s *set) grow(words int) {
	if more := words - len(s.words); more > 0 {
		s.words = append(s.words, make([]uint64, more)...)
	}
}

func (s *set) add(i int) {
	s.grow(i/64 + 1)
	s.words[i/64] |= 1 << (i % 64)
}

func (s *set) has(i int) bool { return i/64 < len(s.words) && s.words[i/64]&(1<<(i%64)) != 0 }

// fill adds the numbers below size.
func (s *set) fill(size int) {
	for i := range size {
		s.add(i)
	}
}

func (s *set) empty() bool {
	return !slices.ContainsFunc(s.words, func(w uint64) bool { return w != 0 })
}

// all yields the numbers in ascending order.
func (s *set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, word := range s.words {
			for ; word != 0; word &= word - 1 {
				if !yield(i*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

func (s *set) union(o *set)     { s.merge(o, func(a, b uint64) uint64 { return a | b }) }
func (s *set) minus(o *set)     { s.merge(o, func(a, b uint64) uint64 { return a &^ b }) }
func (s *set) intersect(o *set) { s.merge(o, func(a, b uint64) uint64 { return a & b }) }
func (s *set) differ(o *set)    { s.merge(o, func(a, b uint64) uint64 { return a ^ b }) }

func (s *set) merge(o *set, f func(a, b uint64) uint64) {
	s.grow(len(o.words))
	o.grow(len(s.words))
	for i := range s.words {
		s.words[i] = f(s.words[i], o.words[i])
	}
}
