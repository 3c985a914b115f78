package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestReduceGC: from the first collection on, a part of what is in use may pile up as garbage, and the ballast is in use.
func TestReduceGC(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer func() {
		debug.SetGCPercent(before)
		ballast.Store(nil)
	}()
	percent := func() int {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return int(s[0].Value.Uint64())
	}
	environment{getenv: func(string) string { return "" }}.reduceGC()
	runtime.GC()
	for range 10_000 {
		if percent() == garbagePercent {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if percent() != garbagePercent || ballast.Load() == nil {
		t.Errorf("after the first collection it is %d %%, with a ballast: %v", percent(), ballast.Load() != nil)
	}
}
