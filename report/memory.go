package report

import (
	"io"
	"strings"
	"sync"

	"hail/inventory"
	"hail/runner"
)

// Memory keeps what hosts print in memory: it is the Outputs of a run without a record, and the Files of what is shown of
// it. It keeps all of it, however much that is. The zero value is ready to use, for one run, by many goroutines at once.
type Memory struct {
	mu    sync.Mutex
	last  map[string]int // the last attempt, by host
	texts map[place]*strings.Builder
}

// place says which stream of which attempt a text is from.
type place struct {
	host    string
	attempt int
	stream  runner.Stream
}

// Open implements runner.Outputs.
func (m *Memory) Open(h inventory.Host, attempt int) (out, err io.WriteCloser, e error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.texts == nil {
		m.last, m.texts = map[string]int{}, map[place]*strings.Builder{}
	}
	m.last[h.Name] = attempt
	var writers [len(streams)]memoryWriter
	for i, stream := range streams {
		writers[i] = memoryWriter{m, new(strings.Builder)}
		m.texts[place{h.Name, attempt, stream}] = writers[i].text
	}
	return writers[0], writers[1], nil
}

type memoryWriter struct {
	m    *Memory
	text *strings.Builder
}

func (w memoryWriter) Write(p []byte) (int, error) {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	return w.text.Write(p)
}

func (memoryWriter) Close() error { return nil }

// Attempt opens what the host printed on one stream in this attempt, as far as it has come.
func (m *Memory) Attempt(host string, attempt int, stream runner.Stream) (io.ReadSeekCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := ""
	if b := m.texts[place{host, attempt, stream}]; b != nil {
		text = b.String()
	}
	return inMemory{strings.NewReader(text)}, nil
}

// Output implements Files.
func (m *Memory) Output(host string, stream runner.Stream) (io.ReadSeekCloser, error) {
	m.mu.Lock()
	last := m.last[host]
	m.mu.Unlock()
	return m.Attempt(host, last, stream)
}

// LogPath implements Files; there are no logs.
func (m *Memory) LogPath(string) string { return "" }

// Path implements Files; there is no record.
func (m *Memory) Path() string { return "" }
