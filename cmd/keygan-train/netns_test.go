//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Two processes in network namespaces of their own, as on two machines, between which every packet takes 20 ms each way. Not every kernel
// can delay packets by itself (netem), so the test is the cable: it hands packets from one namespace's TUN device to the other's.
func TestAcrossMachines(t *testing.T) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("the program ip (Debian's iproute2) is not installed")
	}
	var ends [2]*os.File
	var names [2]string
	for i := range ends {
		names[i] = fmt.Sprintf("kg%d-%c", os.Getpid(), 'a'+i) // of a namespace, and of the device in it
		if out, err := exec.Command("ip", "netns", "add", names[i]).CombinedOutput(); err != nil {
			t.Skipf("network namespaces need root's rights: %s", out)
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", names[i]).Run() })
		var err error
		if ends[i], err = openTUN(names[i]); err != nil {
			t.Skipf("TUN devices cannot be used here: %v", err)
		}
		t.Cleanup(func() { ends[i].Close() })
		for _, command := range []string{
			"ip link set NAME netns NAME", fmt.Sprintf("ip -n NAME addr add 10.213.7.%d/24 dev NAME", i+1), "ip -n NAME link set NAME up", "ip -n NAME link set lo up",
		} {
			words := strings.Fields(strings.ReplaceAll(command, "NAME", names[i]))
			if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", words, err, out)
			}
		}
	}
	go carry(ends[0], ends[1], 20*time.Millisecond)
	go carry(ends[1], ends[0], 20*time.Millisecond)

	k := newTrainer(t)
	k.done(k.start("alone", "keygan-train"), 0)
	began := time.Now()
	// srun's names, with an address, since these machines have no names.
	member := func(rank int) *run {
		return k.start("out", "ip", "netns", "exec", names[rank], "env", "MASTER_ADDR=10.213.7.1", "SLURM_JOB_ID=7", "SLURM_STEP_ID=0",
			"SLURM_NTASKS=2", fmt.Sprint("SLURM_PROCID=", rank), "SLURM_LOCALID=0", "SLURM_TASKS_PER_NODE=1(x2)", "keygan-train", "-q")
	}
	second, first := member(1), member(0)
	k.done(first, 0)
	if out := k.done(second, 0); out != "" {
		t.Errorf("rank 1 talks:\n%s", out)
	}
	if d := time.Since(began); d < 5*4*20*time.Millisecond { // each step sums four times
		t.Errorf("five steps took %v: the packets were not delayed", d)
	}
	k.same("alone", "out")
}

// openTUN makes a TUN device, whose packets are read from the file and written to it.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// carry takes packets from one device to another, each after a while, until the devices are closed.
func carry(from, to *os.File, delay time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	queue := make(chan packet, 1<<14)
	go func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			to.Write(p.data)
		}
	}()
	defer close(queue)
	for {
		b := make([]byte, 1<<16)
		n, err := from.Read(b)
		if err != nil {
			return
		}
		queue <- packet{time.Now().Add(delay), b[:n]}
	}
}
