package main

import "testing"

// TestHomeFolder: without a home, no file of the current folder is taken for one of the user's own.
func TestHomeFolder(t *testing.T) {
	for _, c := range []struct{ variable, account, want string }{
		{"/home/a", "/home/b", "/home/a"},
		{"", "/home/b", "/home/b"},
		{"", "", "/"},
	} {
		if got := homeFolder(c.variable, c.account); got != c.want {
			t.Errorf("with $HOME %q and an account in %q it is %q, want %q", c.variable, c.account, got, c.want)
		}
	}
}
