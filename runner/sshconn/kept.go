package sshconn

import "sync"

// kept holds one T for each key, which is made when it is first asked for.
type kept[T any] struct {
	mu    sync.Mutex
	byKey map[string]func() T
}

// get returns the T of a key. Only those who ask for it wait while it is made.
func (k *kept[T]) get(key string, build func(key string) T) T {
	k.mu.Lock()
	if k.byKey == nil {
		k.byKey = map[string]func() T{}
	}
	if k.byKey[key] == nil {
		k.byKey[key] = sync.OnceValue(func() T { return build(key) })
	}
	one := k.byKey[key]
	k.mu.Unlock()
	return one()
}
