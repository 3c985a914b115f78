package hail_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// borders says what each package may import, other than the standard library, and why no more. Of the standard library
// only forbidden is restricted. A path that ends in / stands for what is below it.
var borders = map[string]struct {
	may []string
	why string
}{
	"hail/inventory":              {[]string{"hail/inventory/"}, "hosts are data: they know nothing of runs, SSH or reports"},
	"hail/inventory/strictyaml":   {[]string{"gopkg.in/yaml.v3"}, "the one importer of the YAML library"},
	"hail/inventory/pyliteral":    {[]string{"go.starlark.net/syntax"}, "the one importer of the parser of Python's literals"},
	"hail/inventory/wildcard":     {nil, "names match in one way everywhere"},
	"hail/inventory/sshconfig":    {[]string{"hail/inventory/wildcard", "github.com/kevinburke/ssh_config"}, "the one importer of the ssh_config library"},
	"hail/runner":                 {[]string{"hail/inventory"}, "scheduling knows nothing of SSH, files or screens"},
	"hail/runner/action":          {[]string{"hail/inventory", "hail/runner", "hail/runner/action/"}, "behaviour on a host is the same over every way to it"},
	"hail/runner/action/push":     {[]string{"hail/inventory", "hail/inventory/strictyaml", "hail/runner", "hail/runner/action/check", "hail/runner/action/fill", "hail/runner/action/program", "hail/runner/action/specfile", "github.com/aymanbagabas/go-udiff", "golang.org/x/time/rate"}, "an action like the others, which checks may follow"},
	"hail/runner/action/fetch":    {[]string{"hail/inventory", "hail/runner", "hail/runner/action/program"}, "an action like the others"},
	"hail/runner/action/check":    {[]string{"hail/inventory", "hail/inventory/strictyaml", "hail/inventory/wildcard", "hail/runner", "hail/runner/action/fill", "hail/runner/action/program", "hail/runner/action/specfile", "github.com/itchyny/gojq", "github.com/Masterminds/semver/v3"}, "an action like the others"},
	"hail/runner/action/fill":     {[]string{"hail/inventory", "hail/runner"}, "what differs from host to host is the same in every action"},
	"hail/runner/action/program":  {[]string{"hail/runner"}, "it runs over any Conn"},
	"hail/runner/action/specfile": {[]string{"hail/inventory", "hail/inventory/strictyaml"}, "a reader of YAML knows nothing of hosts"},
	"hail/runner/local":           {[]string{"hail/inventory", "hail/runner"}, "a Dialer without SSH"},
	"hail/runner/wrap":            {[]string{"hail/inventory", "hail/runner"}, "it wraps any Dialer"},
	"hail/runner/become":          {[]string{"hail/inventory", "hail/runner"}, "it wraps any Dialer"},
	"hail/runner/sshconn":         {[]string{"hail/inventory", "hail/inventory/sshconfig", "hail/inventory/wildcard", "hail/runner", "golang.org/x/crypto/", "golang.org/x/sys/unix", "github.com/gofrs/flock"}, "the one place of the SSH client"},
	"hail/runner/sshtest":         {[]string{"golang.org/x/crypto/"}, "a server knows nothing of its clients"},
	"hail/runner/hosttest":        {nil, "it knows this machine alone"},
	"hail/runner/connsuite":       {[]string{"hail/inventory", "hail/runner"}, "it tests any Dialer"},
	"hail/report":                 {[]string{"hail/inventory", "hail/runner", "github.com/aymanbagabas/go-udiff", "github.com/itchyny/gojq", "github.com/gofrs/flock", "github.com/google/renameio/v2", "golang.org/x/sys/unix", "golang.org/x/text/width", "github.com/xuri/excelize/v2"}, "whatever consumes a run works live and afterwards"},
	"hail/cmd/hail":               {[]string{"hail/", "github.com/urfave/cli/v2", "golang.org/x/term"}, "the one place where everything meets"},
}

// forbidden are the packages of the standard library that only cmd/hail may import, and why.
var forbidden = map[string]string{
	"os/signal": "libraries take no signals",
	"flag":      "libraries know no options",
	"log":       "libraries write no log",
}

func TestImports(t *testing.T) {
	dependOnSources(t)
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg, imports := fields[0], fields[1:]
		border, known := borders[pkg]
		switch {
		case pkg == "hail" || strings.HasPrefix(pkg, "hail/examples"):
			continue
		case !known:
			t.Errorf("%s has no border: say in this test what it may import, and why", pkg)
			continue
		}
		seen[pkg] = true
		for _, i := range imports {
			standard := !strings.Contains(strings.SplitN(i, "/", 2)[0], ".") && !strings.HasPrefix(i, "hail/")
			allowed := slices.ContainsFunc(border.may, func(m string) bool { return i == m || strings.HasSuffix(m, "/") && strings.HasPrefix(i, m) })
			if !standard && !allowed {
				t.Errorf("%s imports %s: %s", pkg, i, border.why)
			}
			if why, ok := forbidden[i]; ok && pkg != "hail/cmd/hail" {
				t.Errorf("%s imports %s: %s", pkg, i, why)
			}
		}
	}
	for pkg := range borders {
		if !seen[pkg] {
			t.Errorf("%s is gone: take its border out of this test", pkg)
		}
	}
}
