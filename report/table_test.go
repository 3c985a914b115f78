package report

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFitTable(t *testing.T) {
	rows := func() [][]string {
		return [][]string{
			{"RUN", "ENDED", "", "WHAT"},
			{"20261123-150405-k3f9", "1 ok", "", "uptime"},
			{"20261123-150405-k3fa", "12 ok, 1 failed, 3 unreachable", "", "/usr/local/bin/a-very-long-name --with --options and words"},
		}
	}
	for name, tt := range map[string]struct {
		width, most int
		want        string
	}{
		"no terminal": {0, 1, `
RUN                   ENDED                           WHAT
20261123-150405-k3f9  1 ok                            uptime
20261123-150405-k3fa  12 ok, 1 failed, 3 unreachable  /usr/local/bin/a-very-long-name --with --options and words`},
		"folded": {62, 0, `
RUN                   ENDED               WHAT
20261123-150405-k3f9  1 ok                uptime
20261123-150405-k3fa  12 ok, 1 failed, 3  /usr/local/bin/
                      unreachable         a-very-long-name
                                          --with --options
                                          and words`},
		"cut": {62, 2, `
RUN                   ENDED               WHAT
20261123-150405-k3f9  1 ok                uptime
20261123-150405-k3fa  12 ok, 1 failed, 3  /usr/local/bin/
                      unreachable         a-very-long-name -…`},
	} {
		if got := "\n" + strings.Join(FitTable(rows(), tt.width, tt.most), "\n"); got != tt.want {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// TestFitTableLosesNothing: whatever the cells contain, lines fit the width, and without a limit on lines nothing is
// lost.
func TestFitTableLosesNothing(t *testing.T) {
	cell := rapid.StringOfN(rapid.RuneFrom([]rune("ab /é日")), 0, 60, -1)
	letters := func(s string) string {
		all := []rune(strings.ReplaceAll(s, " ", ""))
		slices.Sort(all)
		return string(all)
	}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 4).Draw(t, "rows")
		var all string
		for i := range rows {
			rows[i][0] = "id"
			all += strings.Join(rows[i], "")
		}
		width := rapid.IntRange(24, 60).Draw(t, "width")
		lines := FitTable(rows, width, 0)
		for _, line := range lines {
			if textWidth(line) > width {
				t.Fatalf("%q is %d columns wide, more than %d", line, textWidth(line), width)
			}
		}
		if got := letters(strings.Join(lines, "")); got != letters(all) {
			t.Fatalf("the lines have the letters %q, the cells %q", got, letters(all))
		}
	})
}
