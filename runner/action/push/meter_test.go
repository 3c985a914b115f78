package push

import (
	"bytes"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace: two hosts share the bandwidth that the run may use.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, each = 100 << 10, 500 << 10
		m := &meter{pace: pace(limit)}
		begun := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if n, err := io.Copy(io.Discard, m.reader(t.Context(), bytes.NewReader(make([]byte, each)))); n != each || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		wg.Wait()
		if spent := time.Since(begun); spent < 9*time.Second || spent > 10*time.Second {
			t.Errorf("%d bytes took %v, want 9 to 10 s", m.sent.Load(), spent)
		}
	})
}
