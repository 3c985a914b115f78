package examples_test

import (
	"os/exec"
	"strings"
	"testing"

	"hail/inventory"
)

func TestInventory(t *testing.T) {
	inv, err := inventory.Load(t.Context(), []string{"inventory/fleet.yaml"}, inventory.Surroundings{})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := inventory.Select(inv, inventory.Query{Targets: []string{"@prod!db1"}}, inventory.Lookups{})
	if err != nil || len(hosts) != 22 {
		t.Fatalf("%d hosts, %v, want 22", len(hosts), err)
	}
	h, _ := inv.Host("web21")
	if h.Connection.User != "www" || h.Connection.Jump != "bastion1" || h.Vars["canary"] != true || h.Vars["env"] != "production" {
		t.Errorf("web21 is %+v", h)
	}
}

func TestLibrary(t *testing.T) {
	out, err := exec.Command("go", "run", "./library").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "── web1\nweb1 is number 0\n── web2\nweb2 is number 1\n── web3\nweb3 is number 2\n3 ok of 3\n"
	if !strings.HasSuffix(string(out), want) {
		t.Errorf("it prints\n%s\nwant\n%s", out, want)
	}
}
