package check

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"strings"
)

// absolute says what is wrong with the path of a check.
func absolute(c *Check) error {
	if p := c.Params["path"]; !path.IsAbs(p) || strings.ContainsRune(p, 0) {
		return fmt.Errorf("%q is not an absolute path", p)
	}
	return nil
}

var nameOf = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+:@-]*$`)

// plainName says what is wrong with a name that goes into commands and patterns on the host.
func plainName(c *Check) error {
	if name := c.Params["name"]; !nameOf.MatchString(name) {
		return fmt.Errorf("%q can't be the name of a %s", name, c.Type)
	}
	return nil
}

// accountName says what is wrong with the name of an account. Names from Active Directory may have blanks and more.
func accountName(c *Check) error {
	if name := c.Params["name"]; strings.ContainsAny(name, ":\n\x00") || strings.HasPrefix(name, "-") {
		return fmt.Errorf("%q can't be the name of a %s", name, c.Type)
	}
	return nil
}

// hostPort says what is wrong with an address to connect to.
func hostPort(c *Check) error {
	if _, _, err := net.SplitHostPort(c.Params["address"]); err != nil {
		return fmt.Errorf("%q is not an address like 127.0.0.1:443", c.Params["address"])
	}
	return nil
}
