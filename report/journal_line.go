package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"hail/runner"
)

// A journal is the events of a run, one JSON object per line, append-only. The last field of each line is the CRC32C of
// the object without that field. The plan itself is left out: it is in run.json.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendCRC appends the end of a line: the last field, for the object that begins with fields.
func appendCRC(b, fields []byte) []byte {
	sum := crc32.Update(crc32.Checksum(fields, castagnoli), castagnoli, []byte("}"))
	return fmt.Appendf(b, `,"crc":"%08x"}`, sum)
}

const crcSuffix = len(`,"crc":"00000000"}`)

// parseLine is the inverse of appendLine, for a line without its newline.
func parseLine(line []byte) (e runner.Event, ok bool) {
	n := len(line) - crcSuffix
	if n < 1 || !bytes.Equal(line[n:], appendCRC(nil, line[:n])) {
		return e, false
	}
	return e, json.Unmarshal(append(line[:n:n], '}'), &e) == nil
}

// appendLine appends the line of e as encoding/json would write it, and leaves rare fields to encoding/json. A push of
// many files journals a line for each file on each host, and reflection was a tenth of what that cost.
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
	return append(appendCRC(b, b[start:]), '\n')
}

// appendNumber and appendText append a field, unless its value is zero; appendString and appendJSON always do.
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
	text, _ := json.Marshal(v) // there is no error: it is made of strings and numbers
	return append(append(b, name...), text...)
}
