package report

import "strings"

// Names in the folder that holds the records. A record has the id of its run as its name, but only while it is complete:
// half of one is never found.
const (
	unfinishedPrefix = ".unfinished-" // of a record that is being made
	trashPrefix      = ".removed-"    // of a record that is being removed
	reservePrefix    = ".reserved-"   // of the file that takes the space in reserve for a run
	lastLink         = "last"         // leads to the newest record, for other programs: hail itself looks at the ids
	lastPrefix       = ".last-"       // of the name that the link has until it takes the place of another
)

// cutPrefix cuts the name of an entry of that folder into one of these prefixes, or none, and what follows it.
func cutPrefix(name string) (prefix, rest string) {
	for _, prefix := range []string{unfinishedPrefix, trashPrefix, reservePrefix, lastPrefix} {
		if rest, found := strings.CutPrefix(name, prefix); found {
			return prefix, rest
		}
	}
	return "", name
}

// Names in a record.
const (
	headFile     = "run.json"
	journalFile  = "journal.jsonl"
	childrenFile = "children" // ids of the runs that repeat a part of this one, one per line, each before the run begins
	summaryFile  = "summary.json"
	blobsFolder  = "blobs"
	hostsFolder  = "hosts" // has a folder for each host, with its log and a file for each stream that has a byte
	logFile      = "log"
	tailSuffix   = ".tail" // of the file for the last part of a stream that is not kept whole, until the stream ends
)
