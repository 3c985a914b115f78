package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"hail/runner"
)

// gate is a command on this machine that is run between waves. It gets the result of the wave as JSON on its input, and
// lets the next wave begin by exiting with 0.
type gate struct {
	command string
	talk    io.Writer // where its output goes
	environ []string
}

// Pass implements runner.Gate. The command runs in a process group of its own, which is ended with ctx.
func (g gate) Pass(ctx context.Context, w runner.WaveResult) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", g.command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = bytes.NewReader(append(text, '\n')), g.talk, g.talk, g.environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // for processes that ignored SIGTERM
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) { // which only says that a process in the background keeps the output open
		return fmt.Errorf("%s: %w", g.command, err)
	}
	return nil
}
