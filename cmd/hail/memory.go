package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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

// spareGarbage is how much garbage may lie about however little memory is in use, in bytes.
const spareGarbage = 13 << 20

// spareGC has garbage collected less often while little memory is in use: with a few hosts at once, collecting all the time would
// cost an eighth of the CPU. A collection comes when there is spareGarbage, and half as much as is in use: with thousands of hosts
// that is little more than what they use. A small run is over before the first one. $GOGC has the last word.
func (e environment) spareGC() {
	if e.getenv("GOGC") == "" {
		debug.SetGCPercent(spareGarbage >> 20 * 100 / 4) // the runtime waits for 4 MiB for each hundred
		afterCollection()
	}
}

// afterCollection says, after each collection, when the next one comes.
func afterCollection() {
	runtime.AddCleanup(new([32]byte), func(int) { // nobody uses it, so its time comes with the collection
		used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(used)
		debug.SetGCPercent(50 + spareGarbage*100/max(1, int(used[0].Value.Uint64())))
		afterCollection()
	}, 0)
}
