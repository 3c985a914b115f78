package connsuite

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"hail/inventory"
	"hail/runner"
)

// testStreams: input and output, whatever their length, and the input that is held open.
func testStreams(t *testing.T, d dial) {
	t.Run("output may be thrown away", func(t *testing.T) {
		ctx, c := d.connect(t)
		if err := c.Exec(ctx, Both, runner.Stdio{}); err != nil {
			t.Error(err)
		}
	})

	t.Run("much output arrives whole", func(t *testing.T) {
		ctx, c := d.connect(t)
		var n counter
		if err := c.Exec(ctx, Much, runner.Stdio{Out: &n}); err != nil || int(n) != MuchBytes {
			t.Errorf("%d bytes and %v, want %d", n, err, MuchBytes)
		}
	})

	t.Run("input arrives to its end", func(t *testing.T) {
		ctx, c := d.connect(t)
		in := strings.Repeat("0123456789abcde\n", 64<<10)
		var out bytes.Buffer
		if err := c.Exec(ctx, Cat, runner.Stdio{In: strings.NewReader(in), Out: &out}); err != nil || out.String() != in {
			t.Errorf("%d bytes came back of %d, %v", out.Len(), len(in), err)
		}
	})

	t.Run("held input ends with the context and the grace hears last words", func(t *testing.T) {
		outer, c := d.connect(t)
		ctx, cancel := context.WithCancel(outer)
		said := signal{then: cancel}
		err := c.Exec(ctx, LastWords, runner.Stdio{Out: &said, Hold: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("%q and %v, want its last words and the cause", said.String(), err)
		}
	})

	t.Run("held input stays open after the input", func(t *testing.T) {
		outer, c := d.connect(t)
		ctx, cancel := context.WithCancel(outer)
		said := signal{then: cancel}
		err := c.Exec(ctx, LastWords, runner.Stdio{In: strings.NewReader("ignored\n"), Out: &said, Hold: true, Grace: inventory.Duration(bound)})
		if !errors.Is(err, context.Canceled) || said.String() != "begin\nend\n" {
			t.Errorf("%q and %v, want its last words after the context ended", said.String(), err)
		}
	})
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// signal calls then at its first byte.
type signal struct {
	buf  bytes.Buffer
	once sync.Once
	then func()
}

func (s *signal) Write(p []byte) (int, error) {
	defer s.once.Do(s.then)
	return s.buf.Write(p)
}

func (s *signal) String() string { return s.buf.String() }
