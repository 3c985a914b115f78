package sshconn

import "sync"

// kept holds one T for each key, which is made when it is first asked for.
type kept[T any] struct {
	mu    sync.Mutex
	byKey map[string]func() T
}

func (k *kept[T]) get(key string, build func(key string) T) T {
	return k.once(key, build)()
}

// once returns what makes the T of a key at the first call. Nobody who asks for another one waits for that.
func (k *kept[T]) once(key string, build func(key string) T) func() T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = map[string]func() T{}
	}
	if k.byKey[key] == nil {
		k.byKey[key] = sync.OnceValue(func() T { return build(key) })
	}
	return k.byKey[key]
}
