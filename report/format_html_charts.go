package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"hail/runner"
)

// chart is a figure of the page: a large number, a line that says more about it, and the drawing.
type chart struct {
	Title, Big, Says string
	Chart            template.HTML
	Legend           []legend
}

type legend struct{ Class, Word, N, Share string }

// part is a piece of a bar; its class gives it its colour.
type part struct {
	class, word string
	n           int
}

const chartWidth, chartHeight = 400, 120

// stackedBar draws a bar of parts, as wide as the chart.
func stackedBar(parts []part, label string) template.HTML {
	total := 0
	for _, p := range parts {
		total += p.n
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d 18" preserveAspectRatio="none" role="img" aria-label="%s">`, chartWidth, template.HTMLEscapeString(label))
	x := 0.0
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		width := float64(chartWidth) * float64(p.n) / float64(total)
		fmt.Fprintf(&b, `<rect class="fill %s" x="%.2f" y="0" width="%.2f" height="18"><title>%d %s</title></rect>`, p.class, x, max(width-1, 0.5), p.n, p.word)
		x += width
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// statusChart is a bar of the hosts by status, with a legend.
func (r *Report) statusChart() chart {
	c := chart{Title: "Hosts", Big: "none", Says: "ended well"}
	var parts []part
	add := func(class, word string, n int) {
		if n > 0 {
			parts = append(parts, part{class, word, n})
			c.Legend = append(c.Legend, legend{class, word, thousands(n), fmt.Sprintf("%.1f %%", 100*float64(n)/float64(len(r.Hosts)))})
		}
	}
	left, well := len(r.Hosts), 0
	for _, s := range runner.Statuses {
		add(string(s), Word(s, r.DryRun), r.Counts[s])
		left -= r.Counts[s]
		if s.Well() {
			well += r.Counts[s]
		}
	}
	add(unfinished, unfinished, left)
	switch n := len(r.Hosts); {
	case n > 0 && well == n:
		c.Big = thousands(n)
		c.Says = "all ended well"
		if n == 1 {
			c.Says = "ended well"
		}
	case well > 0:
		c.Big = fmt.Sprintf("%s of %s", thousands(well), thousands(n))
	}
	c.Chart = stackedBar(parts, Counts(r.Summary, Style{}))
	return c
}

// durationChart shows how many of the hosts that were reached took how long, in steps that grow.
func (r *Report) durationChart() chart {
	c := chart{Title: "Time per host", Big: "–", Says: "no host was reached"}
	var took []time.Duration
	var slowest *Result
	for i := range r.Hosts {
		h := &r.Hosts[i]
		if d := h.Took(); d > 0 && !h.Exec.IsZero() {
			took = append(took, d)
			if slowest == nil || d > slowest.Took() {
				slowest = h
			}
		}
	}
	if slowest == nil {
		return c
	}
	slices.Sort(took)
	c.Big, c.Says = seconds(quantile(took, 0.5)), slowest.Host
	if len(took) > 1 {
		c.Says = fmt.Sprintf("median; 95 %% within %s; slowest: %s", seconds(quantile(took, 0.95)), slowest.Host)
		c.Chart = histogram(took)
	}
	return c
}

// histogram draws how many of the times, which are sorted, lie in each of some steps. Each step ends at the same multiple of
// where it begins.
func histogram(took []time.Duration) template.HTML {
	low, high := took[0].Seconds(), took[len(took)-1].Seconds()
	bins := 1
	if high > low*1.001 {
		bins = min(20, max(5, len(took)/2))
	}
	step := math.Log(high/low) / float64(bins) // of the logarithm
	counts := make([]int, bins)
	for _, t := range took {
		i := 0
		if bins > 1 {
			i = min(int(math.Log(t.Seconds()/low)/step), bins-1)
		}
		counts[i]++
	}
	from := func(i int) string {
		return seconds(time.Duration(low * math.Exp(step*float64(i)) * float64(time.Second)))
	}
	tallest := slices.Max(counts)
	width := float64(chartWidth) / float64(bins)
	var b strings.Builder
	beginChart(&b, "durations from "+from(0)+" to "+from(bins))
	for i, n := range counts {
		height := float64(chartHeight-18) * float64(n) / float64(tallest)
		fmt.Fprintf(&b, `<rect class="plain" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %s to %s</title></rect>`,
			float64(i)*width+1, float64(chartHeight)-height, max(width-2, 1), height, counted(n, "host"), from(i), from(i+1))
	}
	return endChart(&b, from(0), from(bins), counted(tallest, "host"))
}

// timeChart shows how many hosts were at work at each time, and when waves began.
func (r *Report) timeChart() chart {
	whole := r.Ended.Sub(r.Started)
	c := chart{Title: "The run", Big: seconds(whole), Says: "no host was started"}
	const steps = 100
	place := func(t time.Time) float64 {
		return steps * min(max(float64(t.Sub(r.Started))/float64(max(whole, 1)), 0), 1)
	}
	type change struct {
		time time.Time
		by   int
	}
	var changes []change
	for i := range r.Hosts {
		if h := &r.Hosts[i]; !h.Began.IsZero() && !h.Ended.IsZero() {
			changes = append(changes, change{h.Began, +1}, change{h.Ended, -1})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(a.time.Compare(b.time), b.by-a.by) })
	atWork := make([]int, steps+1) // the most in each step
	now, step := 0, 0
	for _, c := range changes {
		for step < int(place(c.time)) {
			step++
			atWork[step] = now
		}
		now += c.by
		atWork[step] = max(atWork[step], now)
	}
	most := slices.Max(atWork)
	if most == 0 {
		return c
	}
	c.Says = "up to " + counted(most, "host") + " at once"
	if len(r.Waves) > 1 {
		c.Says += ", in " + Plural(len(r.Waves), "wave")
	}
	var b strings.Builder
	beginChart(&b, c.Says)
	fmt.Fprintf(&b, `<path class="plain" d="M0 %d`, chartHeight)
	for i, n := range atWork {
		fmt.Fprintf(&b, "L%.1f %.1f", float64(chartWidth)*float64(i)/steps, float64(chartHeight)-float64(chartHeight-18)*float64(n)/float64(most))
	}
	fmt.Fprintf(&b, `L%d %dZ"/>`, chartWidth, chartHeight)
	for i, began := range r.Waves {
		x := chartWidth / steps * place(began)
		fmt.Fprintf(&b, `<path class="wave" d="M%.1f 14V%d"><title>wave %d</title></path>`, x, chartHeight, i+1)
	}
	c.Chart = endChart(&b, "0", seconds(whole), counted(most, "host"))
	return c
}

func beginChart(b *strings.Builder, label string) {
	fmt.Fprintf(b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight+18, template.HTMLEscapeString(label))
}

// endChart draws the base line, with labels for its ends and for the highest value.
func endChart(b *strings.Builder, left, right, high string) template.HTML {
	fmt.Fprintf(b, `<path class="rule" d="M0 %d.5H%d"/><text x="0" y="%d">%s</text><text x="%d" y="%d" text-anchor="end">%s</text><text x="0" y="10">%s</text></svg>`,
		chartHeight, chartWidth, chartHeight+15, left, chartWidth, chartHeight+15, right, high)
	return template.HTML(b.String())
}
