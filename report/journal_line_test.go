package report

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"hail/runner"
)

// TestJournalLine: a line is what encoding/json makes of its event, whatever its fields contain.
func TestJournalLine(t *testing.T) {
	check := func(e runner.Event) {
		t.Helper()
		line := string(appendLine(nil, &e))
		got := line[:len(line)-crcSuffix-1] + "}"
		if want, err := json.Marshal(e); err != nil || got != string(want) {
			t.Errorf("got  %s\nwant %s (%v)", got, want, err)
		}
		if back, ok := parseLine([]byte(strings.TrimSuffix(line, "\n"))); !ok || back.Seq != e.Seq {
			t.Errorf("%s is not read back", line)
		}
	}
	check(runner.Event{})
	all := runner.Event{Seq: 1}
	for field, value := range reflect.ValueOf(&all).Elem().Fields() {
		one := runner.Event{Seq: 1, Time: start}
		for _, v := range []reflect.Value{value, reflect.ValueOf(&one).Elem().FieldByIndex(field.Index)} {
			switch to := v.Addr().Interface().(type) {
			case *time.Time:
				*to = start.Add(123456 * time.Microsecond).In(time.FixedZone("", 5400))
			case **runner.Reach:
				*to = &runner.Reach{Address: "192.0.2.1:22", TCP: 1}
			case *[]runner.Verdict:
				*to = []runner.Verdict{{Check: "a", Outcome: runner.Pass}}
			case **runner.Plan: // not a part of the line
			default:
				switch v.Kind() {
				case reflect.String:
					v.SetString("x" + field.Name)
				case reflect.Bool:
					v.SetBool(true)
				case reflect.Uint32:
					v.SetUint(1<<32 - 1)
				default:
					v.SetInt(-1 << 40)
				}
			}
		}
		check(one)
	}
	check(all)
	for _, text := range []string{"é€😀", "a\"b\\c", "<a>&", "\x00\t\n\x1b\x7f", "\xff\xfe", "\u2028", strings.Repeat("long ", 1000)} {
		check(runner.Event{Host: text, Key: text, Value: text, Error: text})
	}
}

// BenchmarkJournalLine writes a note, of which a push makes one for each file.
func BenchmarkJournalLine(b *testing.B) {
	e := runner.Event{Seq: 12345, Time: start, Run: "20261123-150405-k3f9", Kind: runner.KindNote, Host: "web01", Attempt: 1, Key: "/etc/nginx/nginx.conf", Value: "create 0123456789ab"}
	var line []byte
	for b.Loop() {
		line = appendLine(line[:0], &e)
	}
}
