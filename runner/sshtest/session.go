package sshtest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// Command is one command that a client wants to run.
type Command struct {
	Line           string
	User           string
	Env            []string // what the client asked for
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Exit           int             // the exit status; Play sets it
	Done           <-chan struct{} // closed when the client has ended the session
}

// session serves one channel: requests up to exec, and then the command until it ends.
func (r *Running) session(conn net.Conn, user string, nc ssh.NewChannel) {
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	defer func() {
		if !r.KeepChannel {
			ch.Close()
		}
	}()
	done := make(chan struct{})
	c := &Command{User: user, Stdin: ch, Stdout: ch, Stderr: ch.Stderr(), Done: done}
	if r.CutAfter > 0 {
		left := &atomic.Int64{}
		left.Store(int64(r.CutAfter))
		c.Stdout, c.Stderr = cutter{c.Stdout, conn, left}, cutter{c.Stderr, conn, left}
	}
	p := &process{server: r}
	var wg sync.WaitGroup
	defer wg.Wait()
	started := false
	for req := range reqs {
		ok := false
		switch req.Type {
		case "env":
			var m struct{ Name, Value string }
			if ok = ssh.Unmarshal(req.Payload, &m) == nil; ok {
				c.Env = append(c.Env, m.Name+"="+m.Value)
			}
		case "signal":
			var m struct{ Name string }
			ok = ssh.Unmarshal(req.Payload, &m) == nil
			p.signal(m.Name)
		case "exec":
			var m struct{ Line string }
			if r.MuteExec {
				continue
			}
			if ok = ssh.Unmarshal(req.Payload, &m) == nil && !started && !r.NoExec; ok {
				c.Line = m.Line
			}
		}
		if req.WantReply {
			req.Reply(ok, nil)
		}
		if ok && req.Type == "exec" {
			started = true
			wg.Go(func() { r.play(ch, c, p) })
		}
	}
	close(done)
}

// play runs the command and tells the client how it ended. As with sshd, the status is sent when the command has ended,
// and the channel closes when nothing has its output open any more.
func (r *Running) play(ch ssh.Channel, c *Command, p *process) {
	status, signal := 0, ""
	if r.Play != nil {
		r.Play(c)
		status = c.Exit
	} else {
		status, signal = p.run(c)
	}
	if r.Signal != "" {
		signal = r.Signal
	}
	statuses := r.Statuses
	if len(statuses) == 0 {
		statuses = []uint32{uint32(status)}
	}
	switch {
	case r.NoStatus:
	case signal != "":
		ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal string
			Core   bool
			Text   string
			Lang   string
		}{signal, false, "", ""}))
	default:
		for _, s := range statuses {
			ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{s}))
		}
	}
	p.outputs.Wait()
	if !r.KeepChannel {
		ch.CloseWrite()
		ch.Close()
	}
	p.input.Wait()
}

// cutter ends the connection when as much has been written as may be.
type cutter struct {
	io.Writer
	conn net.Conn
	left *atomic.Int64 // bytes that may be written; of all outputs together
}

func (c cutter) Write(p []byte) (int, error) {
	if left := c.left.Load(); left < int64(len(p)) {
		c.Writer.Write(p[:max(left, 0)])
		c.conn.Close()
		return 0, net.ErrClosed
	}
	c.left.Add(-int64(len(p)))
	return c.Writer.Write(p)
}
