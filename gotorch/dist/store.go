// Package dist lets processes compute together: sums of tensors over all of them, over c10d's store, Gloo on the CPU and NCCL on CUDA
// devices. Each process has a rank, from 0 to the number of processes less one.
//
//	store, err := dist.Open("10.0.0.1", 29500, rank == 0, "run-7/", time.Minute)
//	...
//	group, err := store.Group("train", rank, size, device, "10.0.0.2", time.Hour)
//	...
//	group.AllReduce(gradients) // the sum over all ranks
//
// All ranks must make the same calls in the same order. A call waits for the others, so a rank that ends without a word would keep
// them waiting: [Store.Watch] notices it and says which one it was.
package dist

// #cgo CFLAGS: -I${SRCDIR}/../cgotorch -Wall
// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Store is a connection to c10d's TCPStore, which holds values that all processes see. Its methods may be called from many goroutines.
type Store struct {
	c      C.kg_store
	name   string // host:port
	prefix string // of all keys
	mu     sync.Mutex
}

// Open connects to the store at host and port, and tries for as long as timeout. With serve, this process holds the store; port 0 is
// then any free one. All keys begin with prefix, which keeps users of one store apart.
func Open(host string, port int, serve bool, prefix string, timeout time.Duration) (*Store, error) {
	s := &Store{name: net.JoinHostPort(host, strconv.Itoa(port)), prefix: prefix}
	h := C.CString(host)
	defer C.free(unsafe.Pointer(h))
	flag := C.int(0)
	if serve {
		flag = 1
	}
	if err := s.failed(C.kg_store_open(h, C.int(port), flag, C.int64_t(timeout.Milliseconds()), &s.c)); err != nil {
		return nil, err
	}
	return s, nil
}

// Port is where the store is served.
func (s *Store) Port() int { return int(C.kg_store_port(s.c)) }

// failed makes an error of the message of a C function; nil is success.
func (s *Store) failed(message *C.char) error {
	if text := taken(message); text != "" {
		return fmt.Errorf("the store at %s: %s", s.name, text)
	}
	return nil
}

// taken is the text of a message, on one line and without libtorch's mark of where in its source it was made. It frees the message.
func taken(message *C.char) string {
	if message == nil {
		return ""
	}
	defer C.kg_free_error(message)
	return strings.Join(strings.Fields(C.GoString(message)), " ")
}

// call runs f with a key as C has it, unless the store is closed.
func (s *Store) call(key string, f func(*C.char) *C.char) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c == nil {
		return errors.New("the store is closed")
	}
	k := C.CString(s.prefix + key)
	defer C.free(unsafe.Pointer(k))
	return s.failed(f(k))
}

// Set gives a key a value.
func (s *Store) Set(key, value string) error {
	v := C.CString(value)
	defer C.free(unsafe.Pointer(v))
	return s.call(key, func(k *C.char) *C.char { return C.kg_store_set(s.c, k, v, C.int64_t(len(value))) })
}

// Add adds n to the number under a key, 0 at first, and returns the sum.
func (s *Store) Add(key string, n int64) (sum int64, err error) {
	var v C.int64_t
	err = s.call(key, func(k *C.char) *C.char { return C.kg_store_add(s.c, k, C.int64_t(n), &v) })
	return int64(v), err
}

// Get returns the value of a key, if it has one.
func (s *Store) Get(key string) (value string, there bool, err error) {
	var has C.int
	var data *C.char
	var size C.int64_t
	err = s.call(key, func(k *C.char) *C.char {
		if message := C.kg_store_check(s.c, k, &has); message != nil || has == 0 {
			return message
		}
		return C.kg_store_get(s.c, k, &data, &size)
	})
	if err != nil || has == 0 {
		return "", false, err
	}
	defer C.kg_free_bytes(data)
	return C.GoStringN(data, C.int(size)), true, nil
}

// polling is how often Wait looks. A wait inside libtorch 1.13 that times out leaves the connection out of step.
const polling = 20 * time.Millisecond

// Wait waits until somebody has set a key, and returns its value; or until ctx ends, and returns why.
func (s *Store) Wait(ctx context.Context, key string) (string, error) {
	for {
		value, there, err := s.Get(key)
		if there || err != nil {
			return value, err
		}
		if err := pause(ctx, polling); err != nil {
			return "", err
		}
	}
}

// WaitFor waits until the number under a key, to which [Store.Add] adds, is at least n.
func (s *Store) WaitFor(ctx context.Context, key string, n int64) error {
	for {
		sum, err := s.Add(key, 0)
		if sum >= n || err != nil {
			return err
		}
		if err := pause(ctx, polling); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// Close ends the connection and, in the process that serves it, the store. Closing it again does nothing.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		C.kg_store_close(s.c)
		s.c = nil
	}
}

// Address is that under which other processes reach this one: of the network interface GLOO_SOCKET_IFNAME, where that is set, else of
// the one that leads to the host that holds the store. A host whose own name means a loopback address, as Debian sets it up, is reached
// by its first other address.
func Address(host string) (string, error) {
	if name := os.Getenv("GLOO_SOCKET_IFNAME"); name != "" {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return "", fmt.Errorf("GLOO_SOCKET_IFNAME=%s: %w", name, err)
		}
		if ip := global(i); ip != "" {
			return ip, nil
		}
		return "", fmt.Errorf("GLOO_SOCKET_IFNAME=%s: the interface has no address", name)
	}
	c, err := net.Dial("udp", net.JoinHostPort(host, "9")) // sends nothing
	if err != nil {
		return "", err
	}
	defer c.Close()
	local := c.LocalAddr().(*net.UDPAddr).IP
	if given := net.ParseIP(host); !local.IsLoopback() || host == "localhost" || given != nil && given.IsLoopback() {
		return local.String(), nil
	}
	interfaces, err := net.Interfaces()
	for _, i := range interfaces {
		if ip := global(&i); ip != "" && i.Flags&net.FlagUp != 0 {
			return ip, nil
		}
	}
	return local.String(), err
}

// global is the first address of an interface that other machines may know, or "". IPv4 comes first.
func global(i *net.Interface) (ip string) {
	addresses, _ := i.Addrs() // without any, the caller has its say
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			if n.IP.To4() != nil {
				return n.IP.String()
			}
			if ip == "" {
				ip = n.IP.String()
			}
		}
	}
	return ip
}
