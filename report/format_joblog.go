package report

import (
	"bytes"
	"fmt"
	"io"

	"hail/runner"
)

// writeJoblog writes the format of GNU parallel's --joblog, for parallel --retry-failed. A host that was not reached
// has the exit status 255, as with ssh, and one that was stopped the signal 15. A host that has not finished yet is
// left out.
func writeJoblog(w io.Writer, r *Report) error {
	var b bytes.Buffer
	b.WriteString("Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n")
	for i := range r.Hosts {
		h := &r.Hosts[i]
		exit, signal := h.Exit, 0
		switch h.Status {
		case "":
			continue
		case runner.OK, runner.Changed:
			exit = 0
		case runner.Timeout, runner.Cancelled:
			exit, signal = -1, 15
		case runner.Failed:
			exit = max(exit, 1)
		default:
			exit = 255
		}
		began := h.Began
		if began.IsZero() {
			began = r.Started
		}
		fmt.Fprintf(&b, "%d\t%s\t%.3f\t%10.3f\t%d\t%d\t%d\t%d\thail replay %s %s\n", i+1, OneLine(h.Host), float64(began.UnixMilli())/1e3, h.Took().Seconds(), 0,
			h.Stdout.Length+h.Stderr.Length, exit, signal, r.Run, runner.Quote(OneLine(h.Host)))
	}
	_, err := w.Write(b.Bytes())
	return err
}
