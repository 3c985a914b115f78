package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"sync"
	"time"

	"hail/inventory"
	"hail/runner"
)

// The page: its frame, its look, and its script. It loads nothing from elsewhere, and the policy in its head forbids
// that.
var (
	//go:embed html/report.html
	htmlPage string
	//go:embed html/report.css
	htmlStyle string
	//go:embed html/report.js
	htmlScript string

	htmlTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("report").Parse(htmlPage)) })
)

// htmlView is what the frame is filled in with.
type htmlView struct {
	Title, What, Counts, Run, Started, Stopped string
	Policy                                     string
	Style                                      template.CSS
	Script, Data                               template.JS
	Charts                                     []chart
	Troubles                                   []htmlTrouble
	Outcomes                                   []string
	Checks                                     []htmlCheck
	CheckCounts                                string
	Findings                                   []htmlFinding
	FindingsLeft                               string
	GroupsNote                                 string
}

type htmlTrouble struct {
	Class, How, Hosts, Says string
	Count                   int
}

type htmlCheck struct {
	Index          int
	Name, Severity string
	Counts         []int
	Bar            template.HTML
}

type htmlFinding struct {
	Class, Outcome, Check, Severity, Hosts, Text string
	Count                                        int
}

// htmlData is what the script shows. Outputs are in groups, so that equal ones are there once.
type htmlData struct {
	Run      string          `json:"run"`
	Kind     string          `json:"kind"`
	Statuses []runner.Status `json:"statuses"`
	Words    []string        `json:"words"` // for the statuses
	Vars     []string        `json:"vars"`
	Columns  []string        `json:"columns"`
	Checks   []string        `json:"checks"`
	Hosts    []htmlHost      `json:"hosts"`
	Groups   []htmlGroup     `json:"groups"`
}

type htmlHost struct {
	Name    string            `json:"name"`
	Status  runner.Status     `json:"status"`
	How     string            `json:"how"`
	Exit    *int              `json:"exit,omitempty"`
	Took    *float64          `json:"took"`
	Error   string            `json:"error,omitempty"`
	Attempt int               `json:"attempt,omitempty"`
	Server  string            `json:"server,omitempty"`
	Vars    []string          `json:"vars,omitempty"`
	Said    []string          `json:"said,omitempty"`
	Notes   map[string]string `json:"notes,omitempty"`
	Checks  [][2]string       `json:"checks"`
	Group   int               `json:"group"`
	Run     string            `json:"run,omitempty"`
}

// writeHTML writes one page that works without a network: an overview, the hosts, to be sorted, filtered and searched,
// and what they printed.
func writeHTML(w io.Writer, r *Report) error {
	groups, err := r.htmlGroups()
	if err != nil {
		return err
	}
	text, err := json.Marshal(r.htmlData(groups)) // which also escapes <, > and &
	if err != nil {
		return err
	}
	v := htmlView{
		Title:      r.title(),
		What:       Style{}.Doing(r.what(), r.Plan, ""),
		Counts:     Counts(r.Summary, Style{}),
		Run:        r.Run,
		Started:    r.Started.UTC().Format("2 January 2006, 15:04:05 UTC"),
		Policy:     fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'", sourceHash(htmlScript), sourceHash(htmlStyle)),
		Style:      template.CSS(htmlStyle),
		Script:     template.JS(htmlScript),
		Data:       template.JS(text),
		Charts:     []chart{r.statusChart(), r.durationChart(), r.timeChart()},
		GroupsNote: groups.note(),
	}
	if v.What == v.Title {
		v.What = ""
	}
	if r.Stopped != "" {
		v.Stopped = stopText(r.Summary)
	}
	for _, t := range troubles(r.Summary) {
		v.Troubles = append(v.Troubles, htmlTrouble{string(t.first.Status), t.first.how(), inventory.Fold(t.hosts), r.says(t), len(t.hosts)})
	}
	r.htmlChecks(&v)
	return htmlTemplate().Execute(w, v)
}

// sourceHash returns the hash by which a policy allows a script or style sheet.
func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (r *Report) htmlData(groups htmlGroups) *htmlData {
	said := r.extraColumns()
	// An empty list is [] in JSON, for the script, and not null.
	d := &htmlData{
		Run:      r.Run,
		Kind:     r.Plan.Action.Kind,
		Statuses: runner.Statuses,
		Vars:     []string{},
		Columns:  []string{},
		Checks:   []string{},
		Hosts:    make([]htmlHost, len(r.Hosts)),
		Groups:   groups.shown,
	}
	for _, s := range d.Statuses {
		d.Words = append(d.Words, Word(s, r.DryRun))
	}
	vars := varNames(r.Plan.Hosts)
	for _, name := range vars {
		d.Vars = append(d.Vars, OneLine(name))
	}
	for _, name := range said.head {
		d.Columns = append(d.Columns, OneLine(name))
	}
	for _, c := range r.Plan.Checks {
		d.Checks = append(d.Checks, OneLine(c.ID))
	}
	for i := range r.Hosts {
		d.Hosts[i] = r.htmlHost(i, vars, said)
		d.Hosts[i].Group = groups.groupOf(&r.Hosts[i])
	}
	return d
}

func (r *Report) htmlHost(i int, vars []string, said extraColumns) htmlHost {
	h := &r.Hosts[i]
	one := htmlHost{
		Name:    h.Host,
		Status:  h.Status,
		How:     h.ending(r.DryRun),
		Attempt: h.Attempt,
		Notes:   h.Notes,
		Checks:  [][2]string{},
		Run:     h.Run,
	}
	if status, ok := h.exit(); ok {
		one.Exit = &status
	}
	if took := h.Took().Round(time.Millisecond).Seconds(); !h.Began.IsZero() { // live, it differs by nanoseconds from what the record gives
		one.Took = &took
	}
	if h.Reach != nil {
		one.Server = h.Reach.Server
	}
	for _, name := range vars {
		one.Vars = append(one.Vars, OneLine(cellText(r.Plan.Hosts[i].Vars[name])))
	}
	rows, why := said.rows(i)
	for _, c := range rows[0] {
		one.Said = append(one.Said, OneLine(cellText(c)))
	}
	one.Error = cmp.Or(h.why(), OneLine(why))
	for _, v := range h.Checks {
		one.Checks = append(one.Checks, [2]string{string(v.Outcome), OneLine(v.Text)})
	}
	return one
}

// htmlChecks fills in what the run's checks found.
func (r *Report) htmlChecks(v *htmlView) {
	if len(r.Plan.Checks)+len(r.Plan.Fleet) == 0 {
		return
	}
	v.CheckCounts = checkCounts(r.Summary, Style{})
	for _, o := range runner.Outcomes {
		v.Outcomes = append(v.Outcomes, outcomeWord(o))
	}
	for i, c := range r.Plan.Checks {
		one := htmlCheck{Index: i, Name: OneLine(c.ID), Severity: string(c.Severity), Counts: make([]int, len(runner.Outcomes))}
		if c.Title != "" {
			one.Name += " · " + OneLine(c.Title)
		}
		for j := range r.Hosts {
			if k := slices.Index(runner.Outcomes, r.Hosts[j].Checks[i].Outcome); k >= 0 {
				one.Counts[k]++
			}
		}
		var parts []part
		for k, o := range slices.Backward(runner.Outcomes) {
			parts = append(parts, part{string(o), string(o), one.Counts[k]})
		}
		one.Bar = stackedBar(parts, "")
		v.Checks = append(v.Checks, one)
	}
	worst, others := worstFindings(r.Summary)
	if others > 0 {
		v.FindingsLeft = Plural(others, "more finding")
	}
	for _, f := range worst {
		one := htmlFinding{
			Class:    string(f.outcome),
			Outcome:  outcomeWord(f.outcome),
			Check:    OneLine(f.check.ID),
			Severity: string(f.check.Severity),
			Hosts:    "the fleet",
			Text:     f.says(),
		}
		if f.hosts != nil {
			one.Hosts, one.Count = inventory.Fold(f.hosts), len(f.hosts)
		}
		v.Findings = append(v.Findings, one)
	}
}
