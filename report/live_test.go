package report

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hail/runner"
)

// TestLiveList: what runs is listed by phase and age, the longest first, those alike together.
func TestLiveList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := NewLive(&b, 6, true, Style{Width: 80})
		event := func(kind runner.Kind, hosts ...string) {
			for _, h := range hosts {
				if err := l.Events([]runner.Event{{Kind: kind, Host: h, Time: time.Now(), Status: runner.OK}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		event(runner.KindAttempt, "web1", "web2", "web3", "db1")
		time.Sleep(2 * time.Second)
		event(runner.KindExec, "web1", "web2", "web3")
		event(runner.KindFinish, "web3")
		time.Sleep(2950 * time.Millisecond) // not when the line is drawn
		synctest.Wait()
		b.Reset()
		l.List()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(strings.ReplaceAll(b.String(), "\r\x1b[K", ""), "\n")
		want := "  connecting   5.0s  db1\n  running      3.0s  web[1-2] (2)\n"
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}
