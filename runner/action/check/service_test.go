package check

import (
	"os/exec"
	"strings"
	"testing"

	"hail/runner"
)

// TestEnabled: a service of systemd is enabled in the states for which systemctl is-enabled exits with 0.
func TestEnabled(t *testing.T) {
	probe := strings.ReplaceAll(libraryFor([]*Check{{Check: runner.Check{Type: "service"}}}), "/run/systemd/system", "/")
	for state, want := range map[string]string{"enabled": "true", "enabled-runtime": "true", "static": "true", "alias": "true", "indirect": "true", "generated": "true",
		"disabled": "false", "linked": "false", "masked": "false", "": "false"} {
		systemctl := "systemctl() { printf '%s\\n' LoadState=loaded ActiveState=active UnitFileState=" + state + "; }\n"
		out, err := exec.Command("sh", "-c", systemctl+probe, "sh", "service", ",enabled,", "=x").Output()
		if err != nil || !strings.Contains(string(out), "enabled "+want+"\n") {
			t.Errorf("%s: %q, %v, want %s", state, out, err, want)
		}
	}
}
