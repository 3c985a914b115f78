package check

import (
	"maps"
	"slices"
)

// Words returns, by type of check, its parameters and its attributes.
func Words() (params, attributes map[string][]string) {
	params, attributes = map[string][]string{}, map[string][]string{}
	for name, k := range kinds {
		if params[name] = slices.Collect(maps.Keys(k.params)); k.subject != "" {
			params[name] = append(params[name], k.subject)
		}
		attributes[name] = slices.Collect(maps.Keys(k.attrs))
	}
	return params, attributes
}
