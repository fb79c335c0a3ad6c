package stack

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"egov/libs/fault"
)

// ErrPort refuses to start where the portal cannot listen.
var ErrPort = fault.New(fault.Conflict, "port_unusable", "端口无法使用", "the port cannot be used")

// holdPort takes the portal's port before anything is started, so that nothing
// that is started takes it, until the function it gives is called. With a port of
// 0 it takes none.
func (s *Stack) holdPort() (release func() error, err error) {
	nothing := func() error { return nil }
	if s.opts.Port == 0 {
		return nothing, nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.opts.Port)))
	switch {
	case err == nil:
		return l.Close, nil
	case errors.Is(err, syscall.EADDRINUSE) && s.opts.AnyPort:
		s.say(fmt.Sprintf("端口%d已被占用，另选一个 / port %d is taken, another one is chosen", s.opts.Port, s.opts.Port))
		s.opts.Port = 0
		return nothing, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, ErrPort.WithMsg(
			fmt.Sprintf("端口%d已被占用，请用 --port 另选一个；0为任意空闲端口", s.opts.Port),
			fmt.Sprintf("port %d is taken; choose another one with --port, 0 for any that is free", s.opts.Port))
	}
	return nil, ErrPort.WithMsg(
		fmt.Sprintf("端口%d无法监听", s.opts.Port),
		fmt.Sprintf("port %d cannot be listened on", s.opts.Port)).With(err)
}
