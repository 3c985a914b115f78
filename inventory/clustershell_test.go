package inventory

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clusterConfig copies the settings and groups in testdata to a folder where ClusterShell finds them.
func clusterConfig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/clustershell")); err != nil {
		t.Fatal(err)
	}
	settings := "[Main]\nDefault: roles\nautodir: " + filepath.Join(dir, "groups.d") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "groups.conf"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func clusterInventory(t *testing.T, config string) *Inventory {
	t.Helper()
	inv, err := Load(t.Context(), []string{"clustershell:" + filepath.Join(config, "groups.d")}, Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// nodeset runs ClusterShell's nodeset. An expression that nodeset refuses is an error.
func nodeset(t *testing.T, config string, args ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("nodeset")
	if err != nil {
		t.Fatalf("%v (make test gets it)", err)
	}
	c := exec.CommandContext(t.Context(), debianPython(), append([]string{program}, args...)...)
	c.Env = append(os.Environ(), "CLUSTERSHELL_CFGDIR="+config, "LC_ALL=C.UTF-8")
	out, err := c.Output()
	if _, refused := err.(*exec.ExitError); err != nil && !refused {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), err
}

// differences are the intended differences from nodeset.
var differences = map[string]string{
	"(n[1-5])":         "parentheses group here",
	"n[1-5]!(n[2-3])":  "parentheses group here",
	"n[1-3]  m[1-3]":   "several blanks separate like one",
	"@*":               "the hosts of all groups, not only of the default source",
	"@unknown":         "an unknown group is an error, not empty",
	"@racks:unknown":   "an unknown group is an error, not empty",
	"@racks:rack[1-9]": "an unknown group is an error, not empty",
	"@":                "a group without a name is an error",
	"node[-3]":         "a range without a start is an error, not a name",
}

// selectNames returns the names that an expression selects, sorted. An empty selection is not an error here.
func selectNames(inv *Inventory, expr string) ([]string, error) {
	hosts, err := Select(inv, Query{Targets: []string{expr}, AnyHost: true}, Lookups{})
	if err != nil && strings.HasPrefix(err.Error(), "no host is selected") {
		return nil, nil
	}
	names := Names(hosts)
	slices.Sort(names)
	return names, err
}

// TestLikeNodeset compares expansion, set operations, groups and folding with ClusterShell's nodeset.
func TestLikeNodeset(t *testing.T) {
	text, err := os.ReadFile("testdata/nodeset.txt")
	if err != nil {
		t.Fatal(err)
	}
	expressions := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(expressions) < 150 {
		t.Fatalf("there are only %d expressions", len(expressions))
	}
	config := clusterConfig(t)
	inv := clusterInventory(t, config)
	ours, theirs := 0, 0
	for i, c := range clusterSets(t, config, expressions) {
		expr := expressions[i]
		got, err := selectNames(inv, expr)
		same := (err != nil) == (c.Error != "") && slices.Equal(got, c.Names)
		switch why := differences[expr]; {
		case same && why != "":
			t.Errorf("%s: ClusterShell has the same result, so this is not a difference: %s", expr, why)
		case !same && why == "":
			t.Errorf("%s: got %v, %v, ClusterShell has %v %s", expr, got, err, c.Names, c.Error)
		case same && len(got) > 0:
			ours += len(splitList(checkFold(t, got)))
			theirs += len(splitList(c.Folded))
		}
		if i%50 == 0 { // nodeset itself must agree with its library
			said, refused := nodeset(t, config, "-e", "-S", "\n", "--", expr)
			if names := strings.Fields(said); (refused != nil) != (c.Error != "") || !slices.Equal(slices.Sorted(slices.Values(names)), c.Names) {
				t.Errorf("%s: nodeset has %v, %v, its library %v %s", expr, names, refused, c.Names, c.Error)
			}
		}
	}
	if ours > theirs {
		t.Errorf("folded to %d patterns, more than the %d of ClusterShell", ours, theirs)
	}
}

// clusterSet is ClusterShell's result for an expression.
type clusterSet struct {
	Names         []string // sorted
	Folded, Error string
}

// clusterSets evaluates all expressions in one run of ClusterShell's library, which nodeset uses.
func clusterSets(t *testing.T, config string, expressions []string) (sets []clusterSet) {
	t.Helper()
	python(t, `
import json, sys
from ClusterShell.NodeSet import NodeSet
sets = []
for expression in json.load(sys.stdin):
    try:
        s = NodeSet(expression)
        sets.append({"Names": sorted(s), "Folded": str(s)})
    except Exception as e:
        sets.append({"Error": str(e)})
print(json.dumps(sets))
`, []string{"CLUSTERSHELL_CFGDIR=" + config}, expressions, &sets)
	if len(sets) != len(expressions) {
		t.Fatalf("%d results for %d expressions", len(sets), len(expressions))
	}
	for i := range sets {
		sets[i].Names = strings.Fields(strings.Join(sets[i].Names, " ")) // "a b" is one name for the library, but two for nodeset
		slices.Sort(sets[i].Names)
	}
	return sets
}

// TestLikeNodesetRandom compares random expressions with ClusterShell's library.
func TestLikeNodesetRandom(t *testing.T) {
	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 0))
	var expressions []string
	for range 500 {
		expressions = append(expressions, randomExpression(chance))
	}
	config := clusterConfig(t)
	inv := clusterInventory(t, config)
	ours, theirs := 0, 0
	for i, c := range clusterSets(t, config, expressions) {
		got, err := selectNames(inv, expressions[i])
		if err != nil || c.Error != "" || !slices.Equal(got, c.Names) {
			t.Errorf("seed %d: %s: got %v, %v, ClusterShell has %v %s", seed, expressions[i], got, err, c.Names, c.Error)
		} else if len(got) > 0 {
			ours += len(splitList(checkFold(t, got)))
			theirs += len(splitList(c.Folded))
		}
	}
	if ours > theirs*11/10 { // neither always finds the shortest form
		t.Errorf("seed %d: folded to %d patterns, many more than the %d of ClusterShell", seed, ours, theirs)
	}
}

func randomExpression(chance *rand.Rand) string {
	var b strings.Builder
	for i := range 1 + chance.IntN(5) {
		if i > 0 {
			b.WriteByte(",!&^,"[chance.IntN(5)])
		}
		switch chance.IntN(8) {
		case 0:
			b.WriteString([]string{"@io", "@compute", "@gpu", "@racks:old", "@racks:rack[1-3]", "@cpu:hsw", "@pairs:left"}[chance.IntN(7)])
		case 1:
			fmt.Fprintf(&b, "node%d", chance.IntN(60))
		case 2, 3:
			fmt.Fprintf(&b, "l%sp%s", randomRange(chance, 5), randomRange(chance, 3))
		default:
			fmt.Fprintf(&b, "node%s", randomRange(chance, 60))
		}
	}
	return b.String()
}

func randomRange(chance *rand.Rand, most int) string {
	var parts []string
	for range 1 + chance.IntN(3) {
		lo := chance.IntN(most)
		hi := lo + chance.IntN(most)
		switch chance.IntN(5) {
		case 0:
			parts = append(parts, fmt.Sprint(lo))
		case 1:
			parts = append(parts, fmt.Sprintf("%d-%d/%d", lo, hi, 1+chance.IntN(4)))
		case 2:
			parts = append(parts, fmt.Sprintf("%03d-%03d", lo, hi))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", lo, hi))
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// TestClusterShellChain: nested groups of ClusterShell have the same depth limit as all groups.
func TestClusterShellChain(t *testing.T) {
	for length, want := range map[int]string{maxGroupDepth: "", 6000: fmt.Sprintf("F:%d:7: groups are nested more than 100 deep", maxGroupDepth+1)} {
		var text strings.Builder
		for i := 1; i < length; i++ {
			fmt.Fprintf(&text, "%04d: @%04d\n", i, i+1)
		}
		fmt.Fprintf(&text, "%04d: n1\n", length)
		path := write(t, "groups", text.String())[0]
		inv, err := Load(t.Context(), []string{"clustershell:" + path}, Surroundings{})
		if want != "" {
			checkErrors(t, "chain", path, err, want, "")
		} else if err != nil || len(inv.Groups()) != length {
			t.Errorf("%d groups: %v", length, err)
		}
	}
}

// TestClusterShellFolder: the name of the folder is no pattern.
func TestClusterShellFolder(t *testing.T) {
	config := filepath.Join(t.TempDir(), "site[1]")
	if err := os.CopyFS(config, os.DirFS("testdata/clustershell")); err != nil {
		t.Fatal(err)
	}
	if inv := clusterInventory(t, config); len(inv.Groups()) == 0 {
		t.Error("no groups are found")
	}
}
