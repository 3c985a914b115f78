package sshconn

import "sync"

// kept holds one T for each key, which begins as the zero value when it is first asked for.
type kept[T any] struct {
	mu    sync.Mutex
	byKey map[string]*T
}

func (k *kept[T]) get(key string) *T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = map[string]*T{}
	}
	if k.byKey[key] == nil {
		k.byKey[key] = new(T)
	}
	return k.byKey[key]
}
