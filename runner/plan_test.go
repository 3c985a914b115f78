package runner_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"hail/runner"
)

// TestPartOfAPlan: hosts keep their numbers, also in a part of a part.
func TestPartOfAPlan(t *testing.T) {
	all := runner.Plan{Run: "r", Hosts: hosts(5)}
	part := all.Part([]int{1, 3, 4}).Part([]int{0, 2})
	if fmt.Sprint(part.Hosts[0].Name, part.Hosts[1].Name, part.Indexes, part.Run, len(all.Hosts)) != "h00001h00004[1 4]r5" {
		t.Errorf("%+v", part)
	}
}

func TestAtOnce(t *testing.T) {
	for _, tt := range []struct {
		hosts, fanout int
		waves         string
		want          int
	}{
		{0, 5, "", 0}, {20, 5, "", 5}, {20, 50, "", 20}, {20, 0, "", 20}, {20, -1, "1,3,2", 3}, {20, 2, "1,100%", 2},
	} {
		p := runner.Plan{Fanout: tt.fanout, Hosts: hosts(tt.hosts)}
		if tt.waves != "" {
			p.Waves = waves(tt.waves)
		}
		if got := p.AtOnce(); got != tt.want {
			t.Errorf("%+v: %d at once", tt, got)
		}
	}
}

func TestSpec(t *testing.T) {
	var args struct{ Line string }
	spec := runner.NewSpec("exec", map[string]string{"Line": "true"})
	if err := spec.Decode(&args); err != nil || args.Line != "true" {
		t.Errorf("%+v, %v", args, err)
	}
	spec = runner.NewSpec("exec", map[string]string{"Lines": "true"})
	if err := spec.Decode(&args); err == nil || err.Error() != `arguments of exec: json: unknown field "Lines"` {
		t.Errorf("an unknown argument: %v", err)
	}
}

// TestText: any bytes survive JSON, and those that are characters can be read in it.
func TestText(t *testing.T) {
	for text, want := range map[runner.Text]string{"": `""`, "ü\n": `"ü\n"`, "\xff\x00": `{"base64":"/wA="}`} {
		written, err := json.Marshal(text)
		read := runner.Text("else")
		if e := json.Unmarshal(written, &read); err != nil || e != nil || string(written) != want || read != text {
			t.Errorf("%q is written as %s, %v, and read as %q, %v", text, written, err, read, e)
		}
	}
}
