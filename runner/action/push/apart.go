package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"hail/runner"
	"hail/runner/action/program"
)

// A channel carries at most one window per round trip. So when the round trip is long, a large file goes over several
// channels of the connection, a part over each. A huge file does so in any case: otherwise the wrapper would hold it on
// the host a second time.
const (
	mostLanes  = 8
	laneTrip   = 2 * time.Millisecond // up to this, a channel is as fast as a core: a window of 2 MiB per trip is 1 GiB/s
	largeFile  = 16 << 20
	hugeFile   = 64 << 20
	partsBegin = 64 << 10 // parts begin at multiples of this
)

// lanes returns how many channels a large file is sent over.
func lanes(c runner.Conn) int {
	var trip time.Duration
	if r, ok := runner.As[runner.Reacher](c); ok {
		trip = r.Reach().TCP
	}
	return int(min(mostLanes, 1+trip/laneTrip))
}

// apart reports whether the content of a step goes over channels of its own, when there are so many lanes. Its owner
// must be able to write to the file, which must not be setuid, setgid or sticky.
func (s *step) apart(lanes int) bool {
	if s.item.Kind != File || s.mode&^0o577 != 0o200 {
		return false
	}
	return lanes > 0 && s.item.Size >= hugeFile || lanes > 1 && s.item.Size >= largeFile
}

// part is a range of a file, which a command of its own writes into the staged file.
type part struct {
	staging
	offset, size int64
}

// partsOf cuts what is sent apart, each file into at most as many parts as there are lanes.
func partsOf(sent []staging, lanes int) (parts []part) {
	for _, s := range sent {
		if !s.apart(lanes) {
			continue
		}
		each := (s.item.Size/int64(lanes) + partsBegin) / partsBegin * partsBegin
		for at := int64(0); at < s.item.Size; at += each {
			parts = append(parts, part{s, at, min(each, s.item.Size-at)})
		}
	}
	return parts
}

// partScript writes its input into a file at an offset, and tells sh/apply.sh, which waits for it, and not the one of
// another push, which may have begun since. dd only seeks; cat copies.
const partScript = `{ dd bs=64k seek="$2" count=0 conv=notrunc 2>/dev/null; cat; } 1<>"$1" && : >"$state/push/arrived.$3"`

var partLine = program.Line(stateScript, partScript)

// errNoLane says that the host opens no channel besides that of the push.
var errNoLane = errors.New("the host refuses a second channel")

// sender sends parts while the command of the push waits for them.
//
//	apply ─► sh/apply.sh ── "send" ─► begin ─┬─► lane: one part after another, until none is left or can come back
//	  ▲                                      └─► … as many lanes as there are
//	  └── end: waits for all of them
type sender struct {
	nonce  string // of the push
	push   *Push
	target *runner.Target
	parts  []part
	lanes  int
	meter  *meter

	wg       sync.WaitGroup
	mu       sync.Mutex
	changed  *sync.Cond // signals a change of the fields below
	next     []int      // parts that no lane has taken
	underway int        // parts that are being sent
	ended    bool       // another part that was begun with them has been sent
	open     int        // lanes that were not refused
	err      error
}

// size returns how many bytes the parts have.
func (s *sender) size() (n int64) {
	for _, p := range s.parts {
		n += p.size
	}
	return n
}

// begin starts the lanes. An error of a lane is passed to stop, which ends the push.
func (s *sender) begin(ctx context.Context, stop func(error)) {
	if s.next != nil {
		return // the host has asked twice
	}
	for i := range s.parts {
		s.next = append(s.next, i)
	}
	s.open, s.changed = min(s.lanes, len(s.parts)), sync.NewCond(&s.mu)
	for range s.open {
		s.wg.Go(func() {
			if err := s.lane(ctx); err != nil {
				stop(err)
			}
		})
	}
}

// end waits until nothing is being sent, and returns the first error of a lane.
func (s *sender) end() error {
	s.wg.Wait()
	return s.err
}

// lane sends one part after another. A lane whose channel the host refuses gives its part back to the others; so while
// others are sending, a lane without a part waits. So does one that is ahead of them: Dropbear, from 2022.82 to 2024.85,
// closes a session that is being opened while another command ends, or even the connection.
func (s *sender) lane(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for s.underway > 0 && s.err == nil && (len(s.next) == 0 || s.ended) {
			s.changed.Wait()
		}
		if len(s.next) == 0 || s.err != nil {
			return nil
		}
		i := s.next[0]
		s.next = s.next[1:]
		s.underway++
		s.ended = false
		s.mu.Unlock()
		err := s.send(ctx, i)
		s.mu.Lock()
		s.underway--
		s.changed.Broadcast()
		if err == nil {
			s.ended = true
			continue
		}
		if _, reason := runner.StatusOf(err); reason == runner.ChannelRefused && ctx.Err() == nil {
			s.next = append(s.next, i)
			if s.open--; s.open > 0 {
				return nil
			}
			err = errNoLane
		}
		if s.err == nil {
			s.err = err
		}
		return s.err
	}
}

// send sends part i.
func (s *sender) send(ctx context.Context, i int) (err error) {
	defer runner.Caught(&err)
	p := s.parts[i]
	content, size, err := s.push.contents.blob(p.item.Digest)
	if err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	defer content.Close()
	if size != p.item.Size {
		return &runner.Failure{Status: runner.Error, Err: fmt.Errorf("%s: the content has %d bytes, not %d", p.item.Path, size, p.item.Size)}
	}
	if err := skip(content, p.offset); err != nil {
		return &runner.Failure{Status: runner.Error, Err: err}
	}
	line := fmt.Sprintf("%s %s %d %s.%d", partLine(), runner.Quote(p.at), p.offset/partsBegin, s.nonce, i+1)
	in := s.meter.reader(ctx, content)
	err = s.target.Exec(ctx, line, runner.Stdio{In: in, Size: p.size, Out: s.target.Err, Err: s.target.Err, Flow: true})
	if status, _ := runner.StatusOf(err); status == runner.Failed {
		err = &runner.Failure{Status: runner.Error, Err: fmt.Errorf("a part of %s can't be written: see the host's log", p.item.Path)}
	}
	return err
}

func skip(r io.Reader, n int64) error {
	if s, ok := r.(io.Seeker); ok {
		_, err := s.Seek(n, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r, n)
	return err
}
