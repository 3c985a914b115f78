package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hail/inventory"
)

// fleet writes an inventory into a folder of its own and loads it.
func fleet(text string) (*inventory.Inventory, error) {
	dir, err := os.MkdirTemp("", "hail-example-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "fleet.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return inventory.Load(context.Background(), []string{file}, inventory.Surroundings{})
}

// An inventory is loaded once, and asked for hosts any number of times.
func ExampleLoad() {
	inv, err := fleet(`
groups:
  web: {hosts: ["web[1-4]"], vars: {role: front}}
  db: {hosts: [db1], vars: {memory: 128}}
`)
	if err != nil {
		panic(err)
	}
	for _, target := range []string{"@web!web3", "memory>=64,web1", "web[3-4]&role=front"} {
		hosts, err := inventory.Select(inv, inventory.Query{Targets: []string{target}}, inventory.Lookups{})
		if err != nil {
			panic(err)
		}
		fmt.Println(inventory.Names(hosts))
	}
	// Output:
	// [web1 web2 web4]
	// [web1 db1]
	// [web3 web4]
}

// Without an inventory, every name is a host.
func ExampleSelect() {
	hosts, err := inventory.Select(nil, inventory.Query{Targets: []string{"web[08-11]"}, Exclude: []string{"web09"}}, inventory.Lookups{})
	fmt.Println(inventory.Names(hosts), err)
	// Output: [web08 web10 web11] <nil>
}

// What is wrong with an inventory or a target expression has a place, and often a hint.
func ExampleError() {
	inv, _ := fleet("groups: {web: {hosts: [web1]}}")
	_, err := inventory.Select(inv, inventory.Query{Targets: []string{"@wbe"}}, inventory.Lookups{})
	var wrong *inventory.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong)
		fmt.Println("hint:", wrong.Hint)
	}
	// Output:
	// target "@wbe":1: unknown group "wbe"
	// hint: did you mean "web"?
}

func ExampleFold() {
	fmt.Println(inventory.Fold([]string{"web1", "web2", "db1", "web3", "web7"}))
	// Output: db1 web[1-3,7]
}
