package main

import (
	"reflect"
	"testing"
)

func TestPowerShellWords(t *testing.T) {
	for _, tt := range []struct {
		line   string
		words  []string
		before string
		quoted bool
	}{
		{``, []string{""}, "", false},
		{` `, []string{""}, "", false},
		{` run  -w`, []string{"run", "-w"}, "", false},
		{" run\t-w ", []string{"run", "-w", ""}, "", false},
		{` '@web'`, []string{"@web"}, "", true},
		{` '@web' `, []string{"@web", ""}, "", false},
		{` 'it''s a`, []string{"it's a"}, "", true},
		{` ''`, []string{""}, "", true},
		{` '' `, []string{"", ""}, "", false},
		{` "say ""hi"" to` + " `\"$x`\"", []string{`say "hi" to "$x"`}, "", true},
		{` "it's" 'a "b'`, []string{"it's", `a "b`}, "", true},
		{` a'b c'd`, []string{"ab cd"}, "", false},
		{` 'a'b`, []string{"a", "b"}, "", false},
		{" a` b`", []string{"a b`"}, "", false},
		{" run `\n -w", []string{"run", "-w"}, "", false},
		{` a,b`, []string{"a,b"}, "a,", false},
		{` a,'b c',`, []string{"a,b c,"}, "a,b c,", false},
		{` a,'b`, []string{"a,b"}, "a,", true},
		{` 'a,b`, []string{"a,b"}, "", true},
		{` --output=gather,js`, []string{"--output=gather,js"}, "--output=gather,", false},
		{` ‘a’’b’ “c”`, []string{"a’b", "c"}, "", true},
	} {
		words, last := powershellWords(tt.line)
		if want := (powershellEnd{tt.before, tt.quoted}); !reflect.DeepEqual(words, tt.words) || last != want {
			t.Errorf("%s: %q, %+v, want %q, %+v", tt.line, words, last, tt.words, want)
		}
	}
}

func TestPowerShellReplacement(t *testing.T) {
	for _, tt := range []struct {
		last        powershellEnd
		found, want string
	}{
		{powershellEnd{}, "web01.example.com", "web01.example.com"},
		{powershellEnd{}, "--connect-timeout", "--connect-timeout"},
		{powershellEnd{}, "run:last/ok", "run:last/ok"},
		{powershellEnd{}, "@web", "'@web'"},
		{powershellEnd{}, "web[1-3]", "'web[1-3]'"},
		{powershellEnd{}, "{a b}", "'{a b}'"},
		{powershellEnd{}, "$x", "'$x'"},
		{powershellEnd{}, "it's ’", "'it''s ’’'"},
		{powershellEnd{}, "größe", "'größe'"},
		{powershellEnd{quoted: true}, "web1", "'web1'"},
		{powershellEnd{before: "web1,"}, "web1,@db", "'@db'"},
		{powershellEnd{before: "@a,"}, "@a,web2", "web2"},
	} {
		if got := tt.last.replacement(tt.found); got != tt.want {
			t.Errorf("%+v, %s: %s, want %s", tt.last, tt.found, got, tt.want)
		}
	}
}
