package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"hail/inventory"
	"hail/runner"
)

// Report is what the formats write: how a run ended, live or afterwards, and what its hosts printed. The Summary must have
// a Plan, so the zero value does not do; only jsonl needs nothing but Events.
type Report struct {
	*Summary
	What    string                   // what the run did, in a few words; may be empty
	Files   Files                    // never nil; a Memory that has nothing if nothing was kept
	Events  iter.Seq[[]runner.Event] // of the run, for jsonl; nil if there are several
	Columns *Columns                 // further columns for tables; nil: none
}

// Format writes a report. hail's own are in Formats; a function of yours can be one, too.
type Format func(w io.Writer, r *Report) error

// Formats are all formats, by name.
var Formats = map[string]Format{
	"csv":        writeCSV,
	"html":       writeHTML,
	"joblog":     writeJoblog,
	"json":       writeJSON,
	"jsonl":      writeJSONL,
	"junit":      writeJUnit,
	"markdown":   writeMarkdown,
	"nagios":     writeNagios,
	"prometheus": writePrometheus,
	"tap":        writeTAP,
	"xlsx":       writeXLSX,
}

// FormatNames returns the names of the formats, sorted.
func FormatNames() []string { return slices.Sorted(maps.Keys(Formats)) }

// IsBinary reports whether the format of this name is not text, and so not for a terminal.
func IsBinary(name string) bool { return name == "xlsx" }

// WriteFile writes the report to a file, which is complete afterwards or, after an error, as it was before. Only its
// owner can read it.
func (r *Report) WriteFile(path string, format Format) error {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o600), renameio.IgnoreUmask())
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if err := format(f, r); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// CanWrite returns why a report could not be written to path, without touching what is there; nil if it could.
func CanWrite(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s can't be written: not a regular file", path)
	}
	f, err := renameio.NewPendingFile(path)
	if err == nil {
		return f.Cleanup()
	}
	folder := filepath.Dir(path)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("there is no folder %s", folder)
	} else if p, ok := errors.AsType[*os.PathError](err); ok { // without the name of the temporary file
		err = fmt.Errorf("the folder %s: %w", folder, p.Err)
	}
	return fmt.Errorf("%s can't be written: %w", path, err)
}

// verdict is a check with its verdict.
type verdict struct {
	runner.Verdict
	*runner.Check
}

// verdicts returns the verdicts on a host, with their checks.
func (r *Report) verdicts(host *Result) (all []verdict) {
	for i, v := range host.Checks {
		all = append(all, verdict{v, &r.Plan.Checks[i]})
	}
	return all
}

// fleet returns the verdicts over all hosts, with their checks.
func (r *Report) fleet() (all []verdict) {
	for i, v := range r.Summary.Fleet {
		all = append(all, verdict{v, &r.Plan.Fleet[i]})
	}
	return all
}

// what returns what the run did, in a few words.
func (r *Report) what() string { return OneLine(cmp.Or(r.What, r.Plan.Action.Kind)) }

// title returns the name of the run or, if it has none, what it did and where, short enough for a head.
func (r *Report) title() string {
	const mostHosts = 60
	if r.Name != "" {
		return OneLine(r.Name)
	}
	where := inventory.Fold(inventory.Names(r.Plan.Hosts))
	if len(where) > mostHosts {
		where = counted(len(r.Plan.Hosts), "host")
	}
	return Brief(r.what()) + " on " + where
}

// says returns what most of these hosts have to say, as the first of them puts it, and how many other messages there
// are. It is empty if they say nothing.
func (r *Report) says(t *trouble) string {
	all := t.messages(r.Summary, r.Files)
	if all == nil {
		return ""
	}
	text := all[0].error
	if text != "" && all[0].last != "" {
		text += ": "
	}
	text += all[0].last
	if len(all) > 1 {
		text += fmt.Sprintf(" (and %s)", Plural(len(all)-1, "other message"))
	}
	return text
}
