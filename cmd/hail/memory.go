package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// freeMemory is how many bytes this process may still take: what the kernel says is available, or what is left of the limit of
// our control group. It is 0 where nobody says.
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

// groupNumber reads a number of a control group (version 2); 0 when it has none.
func groupNumber(group, name string) int64 {
	text, _ := os.ReadFile("/sys/fs/cgroup" + group + "/" + name)
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// ballastSize is how much of what counts as memory in use is none, because nobody touches it.
const ballastSize = 32 << 20

// spareGC makes garbage be collected less often while little memory is in use: with a few hosts at once, collecting all the time
// would cost an eighth of the CPU. The ballast, which the caller keeps alive, counts as in use, and collections come when there is
// half as much garbage as that: with a few hosts half of the ballast, with thousands half of what they use, and no more. The ballast
// counts from the first collection on, which is put off until then; a small run is over before it. $GOGC has the last word.
func (e environment) spareGC() (ballast []byte) {
	if e.getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(untilFirst)
	runtime.AddCleanup(new([32]byte), func(percent int) { debug.SetGCPercent(percent) }, 50) // the first collection finds it unused
	return make([]byte, ballastSize)
}

// untilFirst puts the first collection at half more than the ballast: the runtime waits for 4 MiB for each hundred.
const untilFirst = 3 * ballastSize / 2 >> 20 * 100 / 4
