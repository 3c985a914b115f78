package sshconn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ssh"

	"hail/runner"
)

// TestRestOfOutput: a background process of a command does not hold up its host, whether it prints or not. Once the run
// is stopped, it is given up in a moment. A stalled line, on the other hand, loses nothing.
func TestRestOfOutput(t *testing.T) {
	const limit = 15 * time.Second
	for _, tt := range []struct {
		name    string
		prints  time.Duration // how often it prints; 0: never
		bytes   int64         // what it prints each time
		busy    int32         // writers that are always busy
		stopped time.Duration // after the end of the command; 0: never
		answer  time.Duration // how long the server takes for an answer, with which the rest arrives
		want    time.Duration
	}{
		{"silent", 0, 0, 0, 0, 0, afterExit},
		{"prints for a while", 40 * time.Second, 1, 0, 0, 0, afterExit},
		{"prints faster than the disk takes it", time.Second * 3 / 4, onItsWay / 2, 1, 0, 0, afterExit / 2 * 4},
		{"prints for ever", time.Second * 3 / 4, 1, 0, 0, 0, afterExit/2 + afterExit*restWaits},
		{"stopped", time.Second * 3 / 4, 1, 0, 5 * time.Second, 0, 7 * time.Second},
		{"the line is stalled", 0, 0, 0, 0, 10 * time.Second, afterExit/2 + 10*time.Second + afterExit/2 + afterExit + 10*time.Second + afterExit/2},
		{"stopped while the line is stalled", 0, 0, 0, 5 * time.Second, 10 * time.Second, 5*time.Second + time.Millisecond},
		{"no answer", 0, 0, 0, 0, time.Hour, afterExit/2 + 2*limit},
		{"a late answer, but the rest arrives", 1500 * time.Millisecond, 1, 0, 0, 49500 * time.Millisecond, afterExit/2 + 49500*time.Millisecond + afterExit/2 + 4*afterExit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				ch := &channel{closed: make(chan struct{}), answer: tt.answer}
				e := &execution{conn: &conn{wire: &monitoredConn{}, settings: &settings{timeout: limit}}, ch: ch}
				ch.execution = e
				e.passing.Store(tt.busy)
				e.ended(nil)
				if tt.stopped > 0 {
					time.AfterFunc(tt.stopped+time.Millisecond, func() { e.stop(t.Context().Err(), time.Minute) })
				}
				go func() {
					for tt.prints > 0 {
						select {
						case <-time.After(tt.prints):
							e.passed.Add(tt.bytes)
						case <-ch.closed:
							return
						}
					}
				}()
				<-ch.closed
				if took := time.Since(begun); took != tt.want || e.conn.Lingering() != 1 {
					t.Errorf("given up after %v, want %v; %d commands left something in the background, want 1", took, tt.want, e.conn.Lingering())
				}
			})
		})
	}
}

// channel is over as soon as it is closed.
type channel struct {
	ssh.Channel
	*execution
	closed chan struct{}
	answer time.Duration
	said   bool
}

// SendRequest has the rest of the output arrive with the first answer that takes its time.
func (c *channel) SendRequest(string, bool, []byte) (bool, error) {
	select {
	case <-time.After(c.answer):
		if c.answer > 0 && !c.said {
			c.said = true
			c.passed.Add(1)
		}
	case <-c.closed:
	}
	return false, nil
}

func (c *channel) Close() error {
	c.finish()
	close(c.closed)
	return nil
}

// TestNoAnswerToClose: a server that does not answer the end of the channel loses the connection in a moment, though it
// still tells how the command ended.
func TestNoAnswerToClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		e := &execution{conn: &conn{wire: &monitoredConn{Conn: ours}}, ch: deaf{}}
		begun := time.Now()
		e.stop(errors.New("no time"), time.Minute)
		time.AfterFunc(time.Minute+afterExit/2, func() { e.ended(nil) })
		io.Copy(io.Discard, theirs)
		if took := time.Since(begun); took != time.Minute+afterExit || e.conn.Lingering() != 0 {
			t.Errorf("cut after %v, want %v; %d commands left something in the background, want 0", took, time.Minute+afterExit, e.conn.Lingering())
		}
	})
}

// deaf is a channel whose end is not answered.
type deaf struct{ ssh.Channel }

func (deaf) CloseWrite() error { return nil }
func (deaf) Close() error      { return nil }

// TestSlowOutput: a server that answers the end of the channel keeps its connection, however long our writer takes for
// the rest.
func TestSlowOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := &obedient{reqs: make(chan *ssh.Request)}
		ours, theirs := net.Pipe()
		e := &execution{conn: &conn{wire: &monitoredConn{Conn: ours}}, ch: ch, reqs: ch.reqs}
		ctx, cancel := context.WithCancel(t.Context())
		err := e.wait(ctx, runner.Stdio{Hold: true, Out: slow(cancel)})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want the cause", err)
		}
		theirs.SetReadDeadline(time.Now())
		if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the connection: %v, want it to be open", err)
		}
	})
}

// slow is a writer that is called back, and then takes a minute.
type slow func()

func (s slow) Write(p []byte) (int, error) {
	s()
	time.Sleep(time.Minute)
	return len(p), nil
}

// TestUnanswered: of a server that hangs up before it has taken all our answers, the output that has arrived is passed on.
func TestUnanswered(t *testing.T) {
	var out bytes.Buffer
	r := &unanswered{"one ", "two ", "three"}
	e := &execution{conn: &conn{wire: &monitoredConn{}}}
	e.pass(&out, r, make([]byte, 64))
	if out.String() != "one two three" {
		t.Errorf("passed on: %q", out.String())
	}
}

// unanswered is output to which each answer fails.
type unanswered []string

func (u *unanswered) Read(p []byte) (int, error) {
	if len(*u) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*u)[0])
	*u = (*u)[1:]
	return n, syscall.EPIPE
}

// obedient is a channel with one byte of output, whose end is answered at once.
type obedient struct {
	ssh.Channel
	reqs chan *ssh.Request // closed with the channel
	once sync.Once
	said bool
}

func (o *obedient) Read(p []byte) (int, error) {
	if !o.said {
		o.said = true
		return copy(p, "x"), nil
	}
	<-o.reqs
	return 0, io.EOF
}

func (o *obedient) Stderr() io.ReadWriter { return &bytes.Buffer{} }
func (o *obedient) CloseWrite() error     { return nil }
func (o *obedient) Close() error          { o.once.Do(func() { close(o.reqs) }); return nil }

// TestLateStart: a line that stalls when a command starts, and recovers before the host is taken for dead, loses nothing.
func TestLateStart(t *testing.T) {
	for after, want := range map[time.Duration]runner.Status{time.Minute: runner.OK, 2 * time.Minute: runner.Lost} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			late := &lateChannel{after: after, ended: make(chan struct{})}
			go func() {
				io.Copy(io.Discard, theirs)
				close(late.ended)
			}()
			defer ours.Close()
			c := &conn{Conn: &lateConn{channel: late}, dialer: &Dialer{}, wire: &monitoredConn{Conn: ours}, settings: &settings{timeout: 10 * time.Second, keepalive: 15 * time.Second, maxMisses: 3}}
			_, err := c.start(t.Context(), "true", runner.Stdio{})
			if status, _ := runner.StatusOf(err); status != want {
				t.Errorf("an answer after %v: %v, want %s", after, err, want)
			}
		})
	}
}

// lateConn opens sessions.
type lateConn struct {
	ssh.Conn
	channel *lateChannel
}

func (l *lateConn) OpenChannel(string, []byte) (ssh.Channel, <-chan *ssh.Request, error) {
	return l.channel, nil, nil
}

// lateChannel is a channel in which answers take their time.
type lateChannel struct {
	ssh.Channel
	after time.Duration
	ended chan struct{} // closed when the connection is
}

func (l *lateChannel) SendRequest(string, bool, []byte) (bool, error) {
	select {
	case <-time.After(l.after):
		return true, nil
	case <-l.ended:
		return false, io.EOF
	}
}
