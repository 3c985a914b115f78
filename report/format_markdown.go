package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"hail/inventory"
	"hail/runner"
)

// How many groups of equal output, and how many findings of checks, a ticket has at most.
const (
	mostGroups   = 20
	mostFindings = 50
)

// writeMarkdown writes a text for a ticket: the counts, what went wrong, what the checks found or what was printed,
// equal results of several hosts together.
func writeMarkdown(w io.Writer, r *Report) error {
	var b bytes.Buffer
	about := ""
	if r.Name != "" {
		about = mdText(Doing(r.what(), r.Plan.Hosts)) + "\n\n"
	}
	fmt.Fprintf(&b, "# %s: %s\n\n%sRun `%s`, %s, %s.\n\n", mdText(r.title()), mdText(Counts(r.Summary, Style{})), about, r.Run, r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), seconds(r.Ended.Sub(r.Started)))
	if r.Stopped != "" {
		fmt.Fprintf(&b, "**Stopped early:** %s.\n\n", mdText(stopText(r.Summary)))
	}
	b.WriteString("| status | hosts |\n|---|---:|\n")
	for _, s := range runner.Statuses {
		if r.Counts[s] > 0 {
			fmt.Fprintf(&b, "| %s | %d |\n", Word(s, r.DryRun), r.Counts[s])
		}
	}
	if all := troubles(r.Summary); all != nil {
		b.WriteString("\n## What went wrong\n\n| status | hosts | most common message |\n|---|---|---|\n")
		for _, t := range all {
			fmt.Fprintf(&b, "| %s | %s (%d) | %s |\n", mdText(t.first.how()), mdText(inventory.Fold(t.hosts)), len(t.hosts), mdText(r.says(t)))
		}
	}
	if len(r.Plan.Checks)+len(r.Plan.Fleet) > 0 {
		fmt.Fprintf(&b, "\n## Checks\n\n%s\n\n", mdText(checkCounts(r.Summary, Style{})))
		if all := findings(r.Summary); all != nil {
			b.WriteString("| outcome | check | severity | hosts | |\n|---|---|---|---|---|\n")
			left := max(0, len(all)-mostFindings)
			for _, f := range slices.Backward(all[left:]) { // the worst first
				hosts := "the fleet"
				if f.hosts != nil {
					hosts = fmt.Sprintf("%s (%d)", inventory.Fold(f.hosts), len(f.hosts))
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.outcome, mdText(f.check.ID), f.check.Severity, mdText(hosts), mdText(OneLine(f.text)))
			}
			if left > 0 {
				fmt.Fprintf(&b, "\nThe record has %s.\n", Plural(left, "more finding"))
			}
		}
	} else if err := r.markdownOutput(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Report) markdownOutput(b *bytes.Buffer) error {
	groups, err := gather(r.Summary, r.Files, Gathering{})
	if err != nil || len(groups) == 0 {
		return err
	}
	b.WriteString("\n## Output\n")
	for i := len(groups) - 1; i >= 0; i-- { // what went wrong first
		if shown := len(groups) - 1 - i; shown == mostGroups {
			fmt.Fprintf(b, "\nThe record has %s.\n", Plural(i+1, "more group"))
			break
		}
		first := groups[i].results[0]
		fmt.Fprintf(b, "\n%s\n", mdText(groups[i].title(Style{})))
		for _, stream := range streams {
			if text := r.excerpt(first, stream, 8<<10); text != "" {
				fence := "```"
				for strings.Contains(text, fence) {
					fence += "`"
				}
				fmt.Fprintf(b, "\n%s\n%s\n%s\n", fence+map[runner.Stream]string{runner.Stderr: "stderr"}[stream], strings.TrimSuffix(text, "\n"), fence)
			}
		}
	}
	return nil
}

var mdEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "~", `\~`, "&", "&amp;", "<", "&lt;", "[", `\[`, "#", `\#`)

// mdText escapes a text, so that Markdown takes it for nothing else.
func mdText(s string) string { return mdEscapes.Replace(OneLine(s)) }
