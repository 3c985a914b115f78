package report

// inOrder has values by key, in the order in which the keys first appeared. The zero value has none.
type inOrder[K comparable, V any] struct {
	all []*V
	of  map[K]*V
}

// at returns the value of the key, which is first if the key has not appeared before.
func (o *inOrder[K, V]) at(key K, first V) *V {
	v := o.of[key]
	if v == nil {
		if o.of == nil {
			o.of = map[K]*V{}
		}
		v = new(first)
		o.of[key] = v
		o.all = append(o.all, v)
	}
	return v
}
