package hosttest

import (
	"errors"
	"syscall"
	"testing"
)

// Port returns a port of 127.0.0.1 on which nothing listens. Until the end of the test, the system gives it to nobody,
// but a server that is told to listen on it can.
func Port(t testing.TB) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	t.Cleanup(func() { syscall.Close(fd) })
	reuse := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) // without it, a server could not have the port
	bind := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	at, err := syscall.Getsockname(fd)
	if err := errors.Join(reuse, bind, err); err != nil {
		t.Fatal(err)
	}
	return at.(*syscall.SockaddrInet4).Port
}
