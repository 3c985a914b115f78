package report

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"hail/runner"
)

// appendLine appends the line of e as encoding/json would write it; for rare fields, it asks encoding/json. A push of
// many files has a line in the journal for each on each host, and reflection was a tenth of all that this cost.
func appendLine(b []byte, e *runner.Event) []byte {
	start := len(b)
	b = strconv.AppendInt(append(b, `{"seq":`...), e.Seq, 10)
	b = e.Time.AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano)
	b = append(b, '"')
	b = appendString(b, `,"run":`, e.Run)
	b = appendString(b, `,"kind":`, string(e.Kind))
	b = appendText(b, `,"host":`, e.Host)
	b = appendNumber(b, `,"attempt":`, int64(e.Attempt))
	b = appendText(b, `,"stream":`, string(e.Stream))
	b = appendNumber(b, `,"offset":`, e.Offset)
	b = appendNumber(b, `,"length":`, e.Length)
	b = appendNumber(b, `,"checksum":`, int64(e.Checksum))
	if e.Partial {
		b = append(b, `,"partial":true`...)
	}
	b = appendNumber(b, `,"wave":`, int64(e.Wave))
	b = appendNumber(b, `,"count":`, int64(e.Count))
	b = appendNumber(b, `,"delay_ns":`, int64(e.Delay))
	b = appendText(b, `,"key":`, e.Key)
	b = appendText(b, `,"value":`, e.Value)
	if e.Reach != nil {
		b = appendJSON(b, `,"reach":`, e.Reach)
	}
	if len(e.Verdicts) > 0 {
		b = appendJSON(b, `,"verdicts":`, e.Verdicts)
	}
	b = appendText(b, `,"status":`, string(e.Status))
	b = appendText(b, `,"reason":`, string(e.Reason))
	b = appendNumber(b, `,"exit":`, int64(e.Exit))
	b = appendText(b, `,"remains":`, string(e.Remains))
	b = appendText(b, `,"error":`, e.Error)
	sum := crc32.Update(crc32.Checksum(b[start:], castagnoli), castagnoli, []byte("}"))
	return fmt.Appendf(b, ",\"crc\":\"%08x\"}\n", sum)
}

// appendNumber and appendText append a field, unless it is zero.
func appendNumber(b []byte, name string, n int64) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), n, 10)
}

func appendText(b []byte, name, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, name, s)
}

func appendString(b []byte, name, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendJSON(b, name, s)
		}
	}
	b = append(append(append(b, name...), '"'), s...)
	return append(b, '"')
}

func appendJSON(b []byte, name string, v any) []byte {
	text, _ := json.Marshal(v) // strings and numbers: no error
	return append(append(b, name...), text...)
}
