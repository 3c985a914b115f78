package fetch

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"hail/runner"
	"hail/runner/action/program"
)

// digestsOf is a command that prints the mark in $1, then the digest of each file named in its input.
var digestsOf = program.Line("echo \"$1\"; LC_ALL=C; export LC_ALL\n", program.Sums, "xargs -r -0 $sums -- | digests")

// verify asks the host for the digests of the files, and compares them with those of what has arrived.
func (in *incoming) verify(ctx context.Context, t *runner.Target) error {
	var list bytes.Buffer
	var files []*receivedEntry
	for i := range in.files {
		if in.files[i].digest != "" {
			files = append(files, &in.files[i])
			list.WriteString(in.files[i].path + "\x00")
		}
	}
	if files == nil {
		return nil
	}
	out := program.Bounded{Most: int64(len(files) * len(runner.Digest(nil)+"\n"))}
	mark := program.NewMark()
	err := t.Exec(ctx, digestsOf()+" "+mark, runner.Stdio{In: &list, Size: int64(list.Len()), Out: &program.Marked{W: &out, Mark: mark}, Err: t.Err, Program: true})
	if !program.Ended(err) {
		return err
	}
	lines := strings.Fields(out.Text.String())
	if len(lines) != len(files) {
		if err == nil || len(lines) > 0 {
			err = fmt.Errorf("only %d of %d digests came back from the host: some files are gone or no longer readable, see its stderr", len(lines), len(files))
		}
		return &runner.Failure{Status: runner.Failed, Reason: runner.NotFetched, Err: fmt.Errorf("could not be verified: %w", err)}
	}
	for i, f := range files {
		if lines[i] != f.digest {
			in.refuse(f.path, "changed while it was fetched")
		}
	}
	return nil
}
