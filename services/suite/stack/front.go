package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"egov/services/suite"
)

// probeEvery is how often a front asks its processes whether they are ready: a
// process that stops is sent new connections for as long as that.
const probeEvery = 500 * time.Millisecond

// front is one address for all processes of a service. It does what a Service
// of Kubernetes does, and no more: a new connection goes to one of the processes
// that last said they are ready, each in turn; a connection stays with its
// process until either side ends it; what breaks is the caller's to see. It
// knows nothing of HTTP and tries nothing twice.
type front struct {
	ln   net.Listener
	stop context.CancelFunc
	work sync.WaitGroup
	ctx  context.Context //nolint:containedctx // of everything the front does: it ends with close

	mu    sync.Mutex
	ready []string // addresses, in turn
	turn  int
	known map[string]context.CancelFunc // ends the probing of an address
	open  map[net.Conn]bool
}

func openFront(addr string) (*front, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	f := &front{ln: ln, known: map[string]context.CancelFunc{}, open: map[net.Conn]bool{}}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.work.Go(f.accept)
	return f, nil
}

// close ends the front and every connection through it.
func (f *front) close() error {
	f.stop()
	err := f.ln.Close()
	f.mu.Lock()
	for c := range f.open {
		c.Close()
	}
	f.mu.Unlock()
	f.work.Wait()
	return err
}

func (f *front) accept() {
	for {
		c, err := f.ln.Accept()
		if err != nil {
			return // closed
		}
		f.work.Go(func() { f.carry(c) })
	}
}

// carry joins a connection to a process.
func (f *front) carry(caller net.Conn) {
	defer caller.Close()
	var d net.Dialer
	process, err := d.DialContext(f.ctx, "tcp", f.next())
	if err != nil {
		return
	}
	defer process.Close()
	if !f.hold(caller, process) {
		return
	}
	defer f.release(caller, process)
	var both sync.WaitGroup
	both.Go(func() { pour(process, caller) })
	both.Go(func() { pour(caller, process) })
	both.Wait()
}

// pour copies one direction, and passes on that it has ended.
func pour(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err != nil { // broken rather than ended: so it is for the other side
		to.Close()
		return
	}
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite() // the other side may be gone already
	}
}

func (f *front) hold(both ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range both {
		f.open[c] = true
	}
	return f.ctx.Err() == nil
}

func (f *front) release(both ...net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range both {
		delete(f.open, c)
	}
}

// next is the process whose turn it is; empty when none is ready.
func (f *front) next() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ready) == 0 {
		return ""
	}
	f.turn++
	return f.ready[f.turn%len(f.ready)]
}

// admit makes a process that is ready one of those that connections go to, and
// keeps asking it whether it is.
func (f *front) admit(ctx context.Context, addr string) error {
	probing, stop := context.WithCancel(f.ctx)
	f.mu.Lock()
	f.known[addr] = stop
	f.ready = append(f.ready, addr)
	f.mu.Unlock()
	f.work.Go(func() { f.probe(probing, addr) })
	return ctx.Err()
}

// forget ends the probing of a process that is gone.
func (f *front) forget(url string) {
	addr := strings.TrimPrefix(url, "http://")
	f.mu.Lock()
	defer f.mu.Unlock()
	if stop := f.known[addr]; stop != nil {
		stop()
	}
	delete(f.known, addr)
	f.ready = slices.DeleteFunc(f.ready, func(a string) bool { return a == addr })
}

func (f *front) probe(ctx context.Context, addr string) {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	t := time.NewTicker(probeEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		ready := isReady(ctx, client, addr)
		f.mu.Lock()
		at := slices.Index(f.ready, addr)
		switch {
		case ctx.Err() != nil: // forgotten meanwhile
		case ready && at < 0:
			f.ready = append(f.ready, addr)
		case !ready && at >= 0:
			f.ready = slices.Delete(f.ready, at, at+1)
		}
		f.mu.Unlock()
	}
}

func isReady(ctx context.Context, client *http.Client, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// raise opens the front of every service and starts its processes, those of all
// services side by side.
func (s *Stack) raise(ctx context.Context) error {
	var errs []error
	for _, name := range suite.Names() {
		f, err := openFront(s.listen(name))
		if err != nil {
			return err
		}
		s.fronts[name] = f
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, name := range suite.Names() {
		all.Go(func() {
			for range s.opts.Replicas {
				r, err := s.Replicate(ctx, name)
				mu.Lock()
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", name, err))
				} else {
					s.replicas[name] = append(s.replicas[name], r)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Replicas are the processes of a service that was started with several, oldest
// first.
func (s *Stack) Replicas(service string) []*Replica { return slices.Clone(s.replicas[service]) }
