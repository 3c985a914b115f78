package connsuite

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"hail/runner"
)

// testAtOnce: several commands on a Conn, and several Conns, one after the other and at once.
func testAtOnce(t *testing.T, d dial) {
	t.Run("one Conn runs several commands", func(t *testing.T) {
		ctx, c := d.connect(t)
		for range 5 {
			var out bytes.Buffer
			wantFailure(t, c.Exec(ctx, SayAndFail, runner.Stdio{Out: &out}), runner.Failed, runner.ExitStatus, 3)
			if out.String() != "said\n" {
				t.Errorf("stdout %q", out.String())
			}
		}
	})

	t.Run("one Conn runs several commands at once", func(t *testing.T) {
		ctx, c := d.connect(t)
		var begun, ended sync.WaitGroup
		begun.Add(3)
		for i := range 3 {
			ended.Go(func() {
				in := fmt.Sprintf("command %d\n", i)
				said := signal{then: begun.Done}
				err := c.Exec(ctx, Cat, runner.Stdio{In: io.MultiReader(strings.NewReader(in), after{&begun}), Size: int64(len(in)), Out: &said})
				said.once.Do(begun.Done) // nobody may wait for a command that did not begin
				if err != nil || said.String() != in {
					t.Errorf("%q, %v", said.String(), err)
				}
			})
		}
		ended.Wait()
	})

	t.Run("many Conns at once", func(t *testing.T) {
		dialer, h := d(t)
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				c, err := dialer.Dial(ctx, h)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				var out bytes.Buffer
				if err := c.Exec(ctx, Both, runner.Stdio{Out: &out}); err != nil || out.String() != "out\n" {
					t.Errorf("%q, %v", out.String(), err)
				}
			})
		}
		wg.Wait()
	})
}

// after is a Reader that ends when all have begun.
type after struct{ all *sync.WaitGroup }

func (a after) Read([]byte) (int, error) {
	a.all.Wait()
	return 0, io.EOF
}
