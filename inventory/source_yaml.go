package inventory

import (
	"regexp"
	"slices"

	"hail/inventory/strictyaml"
)

// yamlLine matches the first line of a file that is YAML, although its name has no extension.
var yamlLine = regexp.MustCompile(`^(?:---\s*$|[\w.-]+:(?:\s|$))`)

func isYAML(f file) bool {
	return f.ext() == ".yaml" || f.ext() == ".yml" || f.ext() == "" && yamlLine.Match(firstLine(f.text))
}

// readYAML reads hail's own format or Ansible's, depending on the keys at the top.
func readYAML(b *builder, f file) {
	doc, err := strictyaml.Parse(f.text)
	if err != nil {
		b.failYAML(f.path, err)
		return
	}
	keys := doc.Keys()
	read, decode := readNative, doc.Strict
	if isAnsible(keys) {
		read, decode = readAnsibleYAML, doc.YAML11
	}
	if _, ok := keys["plugin"]; ok {
		b.fail(f.place(1, 1), "this configures a plugin of Ansible and has no hosts in it", "let Ansible resolve it: ansible-inventory -i "+f.path+" --list | hail hosts -a -i json:-")
		return
	}
	root, err := decode()
	if err != nil {
		b.failYAML(f.path, err)
		return
	}
	read(b, f, root)
}

// isAnsible says whether these are the keys of an Ansible inventory, which has groups at the top.
func isAnsible(keys map[string][]string) bool {
	for key, below := range keys {
		switch key {
		case "all", "ungrouped":
			return true
		case "defaults", "vars", "hosts", "groups", "settings":
			continue
		}
		if slices.ContainsFunc(below, func(k string) bool { return k == "hosts" || k == "children" || k == "vars" }) {
			return true
		}
	}
	return false
}
