package main

import "testing"

func TestFitFanout(t *testing.T) {
	for _, tt := range []struct {
		hosts, files int
		memory       int64
		want         int
	}{{1, 1024, 0, 1}, {20, 1024, 1 << 30, 20}, {1000, 1 << 20, 1 << 30, 256}, {1000, 1024, 0, 198}, {1000, 256, 0, 45}, {10, 20, 0, 1},
		{1000, 1 << 20, 64 << 20, 128}, {1000, 1 << 20, 1, 1}} {
		if got := fitFanout(tt.hosts, tt.files, tt.memory); got != tt.want {
			t.Errorf("%d hosts and %d files: %d at once, want %d", tt.hosts, tt.files, got, tt.want)
		}
	}
}

// TestMostAtOnce: the connections leave descriptors for the record, and the default fan-out is never too much.
func TestMostAtOnce(t *testing.T) {
	for files, want := range map[int]int{10: 1, 40: 2, 60: 15, 256: 162, 1024: 738} {
		if got := mostAtOnce(files); got != want || got < fitFanout(1000, files, 0) {
			t.Errorf("%d files: at most %d hosts at once, want %d", files, got, want)
		}
	}
}
