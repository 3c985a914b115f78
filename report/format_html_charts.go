package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"hail/runner"
)

// part is a piece of a bar; its class gives it its colour.
type part struct {
	class string
	n     int
}

const chartWidth, chartHeight = 400, 130

// stackedBar is a bar of parts, as wide as the chart.
func stackedBar(parts []part, height int, label string) template.HTML {
	total := 0
	for _, p := range parts {
		total += p.n
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s">`, chartWidth, height, template.HTMLEscapeString(label))
	x := 0.0
	for _, p := range parts {
		if p.n == 0 {
			continue
		}
		width := float64(chartWidth) * float64(p.n) / float64(total)
		fmt.Fprintf(&b, `<rect class="fill %s" x="%.2f" y="0" width="%.2f" height="%d"><title>%d %s</title></rect>`, p.class, x, max(width-1, 0.5), height, p.n, p.class)
		x += width
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// statusChart is a bar of the hosts by status, and what the parts mean.
func (r *Report) statusChart() template.HTML {
	var parts []part
	for _, s := range runner.Statuses {
		if r.Counts[s] > 0 {
			parts = append(parts, part{string(s), r.Counts[s]})
		}
	}
	var b strings.Builder
	b.WriteString(string(stackedBar(parts, 26, Counts(r.Summary, Style{}))))
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" aria-hidden="true">`, chartWidth, 20*len(parts)+6)
	for i, p := range parts {
		y := 20*i + 20
		fmt.Fprintf(&b, `<rect class="fill %s" x="0" y="%d" width="11" height="11" rx="2"/><text x="18" y="%d">%s</text><text class="axis" x="150" y="%d">%d · %.1f %%</text>`,
			p.class, y-10, y, p.class, y, p.n, 100*float64(p.n)/float64(max(len(r.Hosts), 1)))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// durationChart is how many hosts took how long, in steps that grow.
func (r *Report) durationChart() template.HTML {
	var took []float64
	for i := range r.Hosts {
		if d := r.Hosts[i].Took(); d > 0 {
			took = append(took, d.Seconds())
		}
	}
	if len(took) == 0 {
		return noChart
	}
	low, high := slices.Min(took), slices.Max(took)
	const most = 16
	bins := 1
	if high > low*1.001 {
		bins = most
	}
	step := math.Log(high/low) / float64(bins)
	counts := make([]int, bins)
	for _, t := range took {
		i := 0
		if bins > 1 {
			i = min(int(math.Log(t/low)/step), bins-1)
		}
		counts[i]++
	}
	from := func(i int) time.Duration {
		return time.Duration(low * math.Exp(step*float64(i)) * float64(time.Second))
	}
	tallest := slices.Max(counts)
	width := float64(chartWidth) / float64(bins)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="durations from %s to %s">`, chartWidth, chartHeight+18, seconds(from(0)), seconds(from(bins)))
	for i, n := range counts {
		height := float64(chartHeight-16) * float64(n) / float64(tallest)
		fmt.Fprintf(&b, `<rect class="fill changed" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2"><title>%d hosts took %s to %s</title></rect>`,
			float64(i)*width+1, float64(chartHeight)-height, max(width-2, 1), height, n, seconds(from(i)), seconds(from(i+1)))
	}
	fmt.Fprintf(&b, `<text class="axis" x="0" y="%d">%s</text><text class="axis" x="%d" y="%d" text-anchor="end">%s</text><text class="axis" x="0" y="12">%d hosts at most</text></svg>`,
		chartHeight+15, seconds(from(0)), chartWidth, chartHeight+15, seconds(from(bins)), tallest)
	return template.HTML(b.String())
}

// timeChart is how many hosts were at work at each time; waves show as hills.
func (r *Report) timeChart() template.HTML {
	whole := r.Ended.Sub(r.Started)
	const steps = 100
	change := make([]int, steps+1)
	any := false
	place := func(t time.Time) int {
		return min(max(int(float64(steps)*float64(t.Sub(r.Started))/float64(max(whole, 1))), 0), steps)
	}
	for i := range r.Hosts {
		if h := &r.Hosts[i]; !h.Began.IsZero() && !h.Ended.IsZero() {
			from, to := place(h.Began), place(h.Ended)
			change[from]++
			if to < steps {
				change[to+1]--
			}
			any = true
		}
	}
	if !any {
		return noChart
	}
	at, most := 0, 0
	atWork := make([]int, steps+1)
	for i, c := range change {
		at += c
		atWork[i] = at
		most = max(most, at)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="up to %d hosts at once in %s"><path class="fill good" opacity="0.75" d="M0 %d`, chartWidth, chartHeight+18, most, seconds(whole), chartHeight)
	for i, n := range atWork {
		fmt.Fprintf(&b, "L%.1f %.1f", float64(chartWidth)*float64(i)/steps, float64(chartHeight)-float64(chartHeight-16)*float64(n)/float64(max(most, 1)))
	}
	fmt.Fprintf(&b, `L%d %dZ"/><text class="axis" x="0" y="%d">0</text><text class="axis" x="%d" y="%d" text-anchor="end">%s</text><text class="axis" x="0" y="12">%d at once</text></svg>`,
		chartWidth, chartHeight, chartHeight+15, chartWidth, chartHeight+15, seconds(whole), most)
	return template.HTML(b.String())
}

const noChart = template.HTML(`<p class="quiet">no host was started</p>`)
