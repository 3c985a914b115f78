package push

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"hail/runner"
)

// pace returns a limiter to so many bytes a second, for all hosts together; nil if there is no limit.
func pace(bytes int64) *rate.Limiter {
	if bytes <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytes), int(min(bytes, 32<<10)))
}

// meter counts what is sent to a host, reports that now and then, and holds it to the pace of the run.
type meter struct {
	pace   *rate.Limiter // nil: none
	target *runner.Target
	total  int64
	sent   atomic.Int64

	quit chan struct{}
	wg   sync.WaitGroup
}

// What has less than worthTelling bytes is sent before anybody could read how far it is.
const (
	worthTelling = 1 << 20
	tellEvery    = 500 * time.Millisecond
)

// measure starts reporting how much of total is sent, until end is called.
func (p *Push) measure(t *runner.Target, total int64) *meter {
	m := &meter{pace: p.pace, target: t, total: total, quit: make(chan struct{})}
	if total >= worthTelling {
		m.wg.Go(m.tell)
	}
	return m
}

func (m *meter) end() {
	close(m.quit)
	m.wg.Wait()
}

func (m *meter) tell() {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	told := int64(-1)
	for {
		if sent := m.sent.Load(); sent != told {
			told = sent
			m.target.Progress(min(sent, m.total), m.total)
		}
		select {
		case <-tick.C:
		case <-m.quit:
			return
		}
	}
}

// reader returns r with what is read from it counted and paced.
func (m *meter) reader(ctx context.Context, r io.Reader) io.Reader { return measured{ctx, m, r} }

type measured struct {
	ctx context.Context
	*meter
	r io.Reader
}

func (m measured) Read(b []byte) (int, error) {
	if m.pace != nil {
		b = b[:min(len(b), m.pace.Burst())]
	}
	n, err := m.r.Read(b)
	m.sent.Add(int64(n))
	if m.pace != nil && n > 0 {
		if wait := m.pace.WaitN(m.ctx, n); wait != nil {
			return 0, wait
		}
	}
	return n, err
}
