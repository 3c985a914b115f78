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

// What a ticket has at most: groups of equal output, and bytes of each stream of a group.
const (
	mostGroups = 20
	mdExcerpt  = 8 << 10
)

// writeMarkdown writes a text for a ticket: the counts, what went wrong, what the checks found or what was printed,
// equal results of several hosts together.
func writeMarkdown(w io.Writer, r *Report) error {
	var b bytes.Buffer
	about := ""
	if r.Name != "" {
		about = mdText(Style{}.Doing(r.what(), r.Plan, "")) + "\n\n"
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
		r.markdownChecks(&b)
	} else if err := r.markdownOutput(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Report) markdownChecks(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n## Checks\n\n%s\n\n", mdText(checkCounts(r.Summary, Style{})))
	worst, others := worstFindings(r.Summary)
	if worst == nil {
		return
	}
	b.WriteString("| outcome | check | severity | hosts | |\n|---|---|---|---|---|\n")
	for _, f := range worst {
		hosts := "the fleet"
		if f.hosts != nil {
			hosts = fmt.Sprintf("%s (%d)", inventory.Fold(f.hosts), len(f.hosts))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", f.outcome, mdText(f.check.ID), f.check.Severity, mdText(hosts), mdText(f.says()))
	}
	if others > 0 {
		fmt.Fprintf(b, "\nThe record has %s.\n", Plural(others, "more finding"))
	}
}

func (r *Report) markdownOutput(b *bytes.Buffer) error {
	groups, err := gather(r.Summary, r.Files, Gathering{})
	if err != nil || len(groups) == 0 {
		return err
	}
	b.WriteString("\n## Output\n")
	left := max(0, len(groups)-mostGroups)
	for _, g := range slices.Backward(groups[left:]) { // what went wrong first
		fmt.Fprintf(b, "\n%s\n", mdText(g.title(Style{})))
		first := g.results[0]
		b.WriteString(mdBlock("", r.excerpt(first, runner.Stdout, mdExcerpt)))
		b.WriteString(mdBlock("stderr", r.excerpt(first, runner.Stderr, mdExcerpt)))
	}
	if left > 0 {
		fmt.Fprintf(b, "\nThe record has %s.\n", Plural(left, "more group"))
	}
	return nil
}

// mdBlock returns text as a block of code, with a word that says what it is; nothing if text is empty.
func mdBlock(word, text string) string {
	if text == "" {
		return ""
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("\n%s%s\n%s\n%s\n", fence, word, strings.TrimSuffix(text, "\n"), fence)
}

var mdEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "~", `\~`, "&", "&amp;", "<", "&lt;", "[", `\[`, "#", `\#`)

// mdText escapes a text, so that Markdown takes it for nothing else.
func mdText(s string) string { return mdEscapes.Replace(OneLine(s)) }
