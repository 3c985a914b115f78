package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
)

// freeMemory returns how many bytes this process may still use: what the kernel says is available, or what is left of the
// limit of its control group if that is less. It is 0 where neither is known.
func freeMemory() (free int64) {
	meminfo, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(meminfo)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemAvailable:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			free = kib << 10
		}
	}
	own, _ := os.ReadFile("/proc/self/cgroup")
	_, group, ok := strings.Cut(strings.TrimSpace(string(own)), "0::")
	if !ok {
		return free
	}
	limit, used := groupNumber(group, "memory.max"), groupNumber(group, "memory.current")
	if limit > 0 && (free == 0 || limit-used < free) {
		free = max(limit-used, 1)
	}
	return free
}

// groupNumber reads a number from a file of a control group (version 2); 0 if there is none.
func groupNumber(group, name string) int64 {
	text, _ := os.ReadFile("/sys/fs/cgroup" + group + "/" + name)
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// How much garbage may pile up before it is collected: garbageAllowance, in bytes, and garbagePercent of the memory in use.
const (
	garbageAllowance = 14 << 20
	garbagePercent   = 40
)

// reduceGC makes garbage collections rarer while little memory is in use: with a few hosts at once, constant collecting would
// cost an eighth of the CPU. With thousands of hosts, little more is allowed than a part of what they use. A small run ends
// before the first collection. $GOGC takes precedence.
func (e environment) reduceGC() {
	if e.getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(garbageAllowance >> 20 * 100 / 4) // at first, the runtime lets the heap grow to 4 MiB for each 100%
	runtime.AddCleanup(new([32]byte), func(int) {        // unreachable at once, so the first collection runs the cleanup
		ballast.Store(new([garbageAllowance * 100 / garbagePercent]byte))
		debug.SetGCPercent(garbagePercent)
	}, 0)
}

// ballast counts as memory in use, of which a percentage is the garbageAllowance, but takes none, as nobody touches it.
var ballast atomic.Pointer[[garbageAllowance * 100 / garbagePercent]byte]
