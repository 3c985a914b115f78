package push_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hail/inventory"
	"hail/report"
	"hail/runner"
	"hail/runner/action/push"
	"hail/runner/local"
	"hail/runner/wrap"
)

// A push made in Go, of a content in memory.
func ExampleRender() {
	dir, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	motd := filepath.Join(dir, "motd")
	text := "This is {{.host}}.\n"
	spec := &push.Spec{Files: []push.FileSpec{{Dest: motd, Content: &text, Template: true, Mode: 0o644}}}
	p, contents, err := push.Render([]*push.Spec{spec}, []inventory.Host{{Name: "web1"}}, nil, nil)
	if err != nil {
		panic(err)
	}
	bytesOf := map[string][]byte{}
	for _, c := range contents {
		bytesOf[c.Digest] = c.Bytes
	}
	a, err := push.New(p.Spec(), func(digest string) (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(bytesOf[digest])), int64(len(bytesOf[digest])), nil
	})
	if err != nil {
		panic(err)
	}
	for range 2 {
		plan := runner.Plan{Action: p.Spec(), Hosts: []inventory.Host{{Name: "web1"}}}
		s, err := report.Drain(runner.Run(context.Background(), plan, a, wrap.Dialer{Inner: local.Dialer{}}, nil))
		fmt.Println(report.Counts(s, report.Style{}), err)
	}
	now, err := os.ReadFile(motd)
	fmt.Printf("%s%v\n", now, err)
	// Output:
	// 1 host: 1 changed <nil>
	// 1 host: 1 ok <nil>
	// This is web1.
	// <nil>
}
