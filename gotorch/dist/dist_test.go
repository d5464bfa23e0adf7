package dist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	torch "keygan/gotorch"
)

const (
	rankEnv, sizeEnv, portEnv, roleEnv = "DIST_TEST_RANK", "DIST_TEST_SIZE", "DIST_TEST_PORT", "DIST_TEST_ROLE"
	patience                           = 3 * time.Second
)

// The test binary is also each of the processes that compute together.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		if err := play(role); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is one of them.
type process struct {
	*exec.Cmd
	out bytes.Buffer
}

// processes starts size of them around a store of the test's own.
func processes(t *testing.T, role string, size int) (*Store, []*process) {
	t.Helper()
	store, err := Open("127.0.0.1", 0, true, "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	var all []*process
	for rank := range size {
		p := &process{Cmd: exec.Command(os.Args[0])}
		p.Env = append(os.Environ(), fmt.Sprintf("%s=%d", rankEnv, rank), fmt.Sprintf("%s=%d", sizeEnv, size),
			fmt.Sprintf("%s=%d", portEnv, store.Port()), roleEnv+"="+role)
		p.Stdout, p.Stderr = &p.out, &p.out
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Process.Kill(); p.Wait() })
		all = append(all, p)
	}
	return store, all
}

// play is what one process does.
func play(role string) error {
	number := func(name string) int { n, _ := strconv.Atoi(os.Getenv(name)); return n }
	rank, size, port := number(rankEnv), number(sizeEnv), number(portEnv)
	open := func() *Store {
		s, err := Open("127.0.0.1", port, false, "test/", time.Minute)
		if err != nil {
			panic(err)
		}
		return s
	}
	store := open()
	w, err := open().Watch(rank, size, patience)
	if err != nil {
		return err
	}
	g, err := store.Group("group", rank, size, torch.Device{}, "127.0.0.1", time.Hour)
	if err != nil {
		return err
	}
	switch role {
	case "compute":
		err = torch.Try(func() { torch.Scope(func() { err = compute(g) }) })
		g.Barrier()
		w.Close()
		g.Close()
		return err
	case "meet": // until somebody is gone
		for err == nil {
			if err = torch.Try(g.Barrier); err == nil && w.Context().Err() != nil {
				err = context.Cause(w.Context())
			}
			store.Add("steps", 1)
		}
		if _, lost := errors.AsType[*LostError](err); !lost {
			err = w.Explain(err)
		}
		return err
	case "wait": // for what never comes
		store.Add("steps", 1)
		_, err := store.Wait(w.Context(), "nothing")
		return err
	}
	return errors.New("no such role")
}

func compute(g *Group) error {
	rank, size := float64(g.Rank), float64(g.Size)
	total := size * (size - 1) / 2 // of the ranks
	check := func(what string, t torch.Tensor, want ...float64) error {
		for i, x := range t.Floats() {
			if math.Abs(float64(x)-want[i]) > 1e-5*math.Abs(want[i]) {
				return fmt.Errorf("rank %d: %s: %v, want %v", g.Rank, what, t.Floats(), want)
			}
		}
		return nil
	}
	x := torch.NewTensor([]float32{float32(rank), 1})
	g.AllReduce(x)
	if err := check("all_reduce", x, total, size); err != nil {
		return err
	}
	b := torch.Full([]int64{2, 2}, float32(rank+5), false)
	g.Broadcast(b)
	if err := check("broadcast", b, 5, 5, 5, 5); err != nil {
		return err
	}
	// With y = Σ x and the loss Σ over ranks of (r + 1)·y³, dloss/dx = Σ (r + 1) · 3y²; the sum of that squared has the derivative below.
	weights := total + size
	p := torch.Full([]int64{1}, float32(rank+1), true)
	y := g.Sum(p)
	loss := y.Mul(y).Mul(y).MulScalar(rank + 1)
	first := torch.Grad([]torch.Tensor{loss}, []torch.Tensor{p}, nil, true, true)[0]
	if err := check("gradient", first, weights*3*weights*weights); err != nil {
		return err
	}
	second := torch.Grad([]torch.Tensor{first.Square()}, []torch.Tensor{p}, nil, false, false)[0]
	// Each rank's first = W·3y² with W = y; Σ over ranks of first² = size·9W²y⁴, and its derivative by any x is size·36W²y³.
	return check("second gradient", second, size*36*math.Pow(weights, 5))
}

func TestSumsAndTheirGradients(t *testing.T) {
	for _, size := range []int{2, 3} {
		_, all := processes(t, "compute", size)
		for rank, p := range all {
			if err := p.Wait(); err != nil {
				t.Errorf("rank %d of %d: %v\n%s", rank, size, err, p.out.String())
			}
		}
	}
}

// However a process ends, the others end within the patience, and say which one it was.
func TestLostProcessIsNamed(t *testing.T) {
	for _, test := range []struct {
		name, role string
		lost       int
		lose       func(*Store, *process) error
		want       string
	}{
		{"killed", "meet", 1, func(_ *Store, p *process) error { return p.Process.Kill() }, "is gone"},
		{"rank 0 killed", "meet", 0, func(_ *Store, p *process) error { return p.Process.Kill() }, "is gone"},
		{"frozen", "wait", 2, func(_ *Store, p *process) error { return p.Process.Signal(syscall.SIGSTOP) }, "not been heard of for 3s"},
		{"reported", "wait", 1, func(s *Store, _ *process) error { s.prefix = "test/"; return s.Blame(1, "has a full disk") }, "has a full disk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, all := processes(t, test.role, 3)
			watched := &Store{c: store.c, prefix: "test/"}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := watched.WaitFor(ctx, "steps", 3); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := test.lose(watched, all[test.lost]); err != nil {
				t.Fatal(err)
			}
			for rank, p := range all {
				if rank == test.lost {
					continue
				}
				err := p.Wait()
				if want := fmt.Sprintf("rank %d (process %d on ", test.lost, all[test.lost].Process.Pid); err == nil ||
					!strings.Contains(p.out.String(), want) || !strings.Contains(p.out.String(), test.want) {
					t.Errorf("rank %d: %v, %s\nwant %s…, %s", rank, err, p.out.String(), want, test.want)
				}
			}
			if d := time.Since(began); d > patience+10*time.Second {
				t.Errorf("the others ended after %v", d)
			}
		})
	}
}

// The holder of the store is gone: nobody can say more.
func TestStoreIsGone(t *testing.T) {
	store, all := processes(t, "wait", 2)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	store.prefix = "test/"
	if err := store.WaitFor(ctx, "steps", 2); err != nil {
		t.Fatal(err)
	}
	store.Close()
	for _, p := range all {
		if err := p.Wait(); err == nil || !strings.Contains(p.out.String(), "the store at 127.0.0.1:") {
			t.Errorf("%v: %s", err, p.out.String())
		}
	}
}

func TestStore(t *testing.T) {
	store, err := Open("127.0.0.1", 0, true, "a/", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	other, err := Open("127.0.0.1", store.Port(), false, "b/", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Set("k", "some\x00bytes"); err != nil {
		t.Fatal(err)
	}
	if v, there, err := store.Get("k"); v != "some\x00bytes" || !there || err != nil {
		t.Errorf("%q, %v, %v", v, there, err)
	}
	if v, there, err := other.Get("k"); there || err != nil {
		t.Errorf("another prefix: %q, %v", v, err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	if _, err := other.Wait(ctx, "k"); err == nil || err.Error() != "enough" {
		t.Errorf("a wait that was given up: %v", err)
	}
	other.Close()
	other.Close()
	if err := other.Set("k", ""); err == nil {
		t.Error("a closed store was written to")
	}
	if _, err := Open("127.0.0.1", 1, false, "", 300*time.Millisecond); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("a store that is not there: %v", err)
	}
}

func TestAddress(t *testing.T) {
	for _, host := range []string{"localhost", "127.0.0.1"} {
		if a, err := Address(host); !strings.HasPrefix(a, "127.") && a != "::1" || err != nil {
			t.Errorf("%s: %s, %v", host, a, err)
		}
	}
	t.Setenv("GLOO_SOCKET_IFNAME", "no-such-interface")
	if _, err := Address("127.0.0.1"); err == nil || !strings.Contains(err.Error(), "no-such-interface") {
		t.Error(err)
	}
}
