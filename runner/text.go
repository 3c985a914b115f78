package runner

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text is a string of arbitrary bytes. A JSON string can only hold characters, so a Text that is not valid UTF-8 is
// written as {"base64": …}.
type Text string

type encodedText struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(encodedText{[]byte(t)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = Text(s)
		return nil
	}
	var e encodedText
	err := json.Unmarshal(b, &e)
	*t = Text(e.Base64)
	return err
}

// Shown returns t as it is or, if it has characters that could mislead, quoted.
func (t Text) Shown() string {
	if q := strconv.Quote(string(t)); strings.Contains(q, `\`) {
		return q
	}
	return string(t)
}

// Texts converts strings to Texts.
func Texts(all []string) (texts []Text) {
	for _, s := range all {
		texts = append(texts, Text(s))
	}
	return texts
}

// Strings is the inverse of Texts.
func Strings(texts []Text) (all []string) {
	for _, t := range texts {
		all = append(all, string(t))
	}
	return all
}
