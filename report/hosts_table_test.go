package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"hail/runner"
)

// TestNumbers: a number in the output of a host is a number in a report, unless a spreadsheet would round it.
func TestNumbers(t *testing.T) {
	out := map[string]string{"web1": `{"big": 12345678901234567890, "id": 9007199254740993, "less": -3, "load": 0.250, "n": 7, "tiny": 1e-7, "yes": true, "list": [1]}`}
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, out, nil)
	columns, err := ParseColumns("big=.big,id=.id,less=.less,list=.list,load=.load,n=.n,tiny=.tiny,yes=.yes")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Report{{Summary: s, Files: files}, {Summary: s, Files: files, Columns: columns}} {
		head, table := r.hostsTable()
		rows := slices.Collect(table)
		got := fmt.Sprintf("%#v", rows[0][len(head)-8:])
		if want := `[]interface {}{"12345678901234567890", "9007199254740993", -3, "[1]", 0.25, 7, 1e-07, "true"}`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestManyFields: of objects with too many fields, every format has the same ones.
func TestManyFields(t *testing.T) {
	object := map[string]int{}
	for i := range 200 {
		object[fmt.Sprintf("f%03d", i)] = i
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}}, map[string]string{"web1": string(text)}, nil)
	r := &Report{Summary: s, Files: files}
	if head := r.jsonFields().head; len(head) != 100 || head[0] != "out.f000" || head[99] != "out.f099" {
		t.Errorf("%q, want the first 100 fields", head)
	}
}

// TestExitOfNoLastAttempt: a host that was not reached again has the exit status of its earlier attempt.
func TestExitOfNoLastAttempt(t *testing.T) {
	r := Result{Host: "web1"}
	for _, e := range []runner.Event{{Kind: runner.KindExec, Attempt: 1, Time: start}, {Kind: runner.KindAttempt, Attempt: 2},
		{Kind: runner.KindFinish, Attempt: 2, Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3}} {
		r.add(&e)
	}
	if status, ok := r.exit(); !ok || status != 3 {
		t.Errorf("%d, %v, want 3", status, ok)
	}
}

// TestExitOfHosts: all tables have the same exit statuses, and none for a host whose command did not end.
func TestExitOfHosts(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}, {Host: "web2", Status: runner.Failed, Reason: runner.ExitStatus, Exit: 3},
		{Host: "web3", Status: runner.Lost}, {Host: "web4", Status: runner.Unreachable, Reason: runner.Auth}},
		map[string]string{"web1": "a", "web2": "b", "web3": "c", "web4": "d"}, nil)
	r := &Report{Summary: s, Files: files}
	rows, err := csv.NewReader(bytes.NewReader(hostsCSV(s))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	_, all := r.hostsTable()
	table := slices.Collect(all)
	groups, err := gather(s, files, Gathering{})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range r.groupRows(groups) {
		i := slices.IndexFunc(table, func(row []any) bool { return row[0] == group[0] })
		want := []any{0, 3, nil, nil}[i]
		if fmt.Sprint(want) != fmt.Sprint(table[i][3]) || fmt.Sprint(want) != fmt.Sprint(group[4]) || strings.ReplaceAll(fmt.Sprint(want), "<nil>", "") != rows[i+1][3] {
			t.Errorf("%s: %v in the table, %v in the groups, %q in hosts.csv, want %v", group[0], table[i][3], group[4], rows[i+1][3], want)
		}
	}
	if big := r.durationChart().Big; big != "57ms" { // the median of 50, 57 and 64, as in the summary
		t.Errorf("the median is %s, want 57ms", big)
	}
}

// TestTableHostByHost: what a host printed is read when it is its turn: that of all hosts may be more than fits into memory.
func TestTableHostByHost(t *testing.T) {
	s, files := fleet([]Result{{Host: "web1", Status: runner.OK}, {Host: "web2", Status: runner.OK}}, map[string]string{"web1": `{"a": 1}`, "web2": `{"a": 2}`}, nil)
	columns, err := ParseColumns("a=.a")
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []*Columns{columns, nil} {
		read := &lastRead{Files: files}
		_, table := (&Report{Summary: s, Files: read, Columns: columns}).hostsTable()
		for row := range table {
			if row[0] != read.host {
				t.Errorf("the row of %s comes after %s was read", row[0], read.host)
			}
		}
	}
}

// lastRead are Files that know which host was the last one whose output was opened.
type lastRead struct {
	Files
	host string
}

func (l *lastRead) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	l.host = host
	return l.Files.Output(host, stream)
}
