// Package wildcard matches names as target expressions, ssh_config and known_hosts do.
package wildcard

import "strings"

// Match says whether name matches pattern, in which * is any text and ? is any one byte. It takes time at most
// proportional to the product of their lengths.
func Match(pattern, name string) bool {
	star, from := -1, 0 // the last *, and where in name the text after it was tried; retrying an earlier * never helps
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
