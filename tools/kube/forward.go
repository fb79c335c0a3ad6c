package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Client speaks HTTP to one port of a pod over connections that the API server
// forwards, with the rights of whoever asks; whatever host a request names, it
// goes to that pod. The cluster vouches for that, as it does where its own proxy
// speaks TLS to a pod: the names in the pod's certificate are the services', and
// its authority the district's, whom an operator's machine need not know. done
// closes its connections.
func (c *Cluster) Client(namespace, pod string, port Port) (client *http.Client, done func()) {
	t := &http.Transport{
		DialContext:           func(context.Context, string, string) (net.Conn, error) { return c.forward(namespace, pod, port.Number) },
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true},
		MaxConnsPerHost:       1,
		ResponseHeaderTimeout: time.Minute,
	}
	return &http.Client{Transport: t}, t.CloseIdleConnections
}

// forward opens one connection to a port of a pod.
func (c *Cluster) forward(namespace, pod string, port int) (net.Conn, error) {
	if c.config == nil {
		return nil, ErrUnreachable
	}
	at := c.API.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.config)
	if err != nil {
		return nil, err
	}
	dialer := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at)
	if tunnel, err := portforward.NewSPDYOverWebsocketDialerForStreaming(at, c.config); err == nil { // what API servers prefer; older ones know the other
		dialer = portforward.NewFallbackDialerForStreaming(tunnel, dialer, func(err error) bool {
			return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		})
	}
	streams, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, Fault(err)
	}
	conn, err := connect(streams, port)
	if err != nil {
		return nil, errors.Join(Fault(err), streams.Close())
	}
	return conn, nil
}

// connect makes a connection of two streams: the bytes, and what goes wrong.
func connect(streams httpstream.Connection, port int) (net.Conn, error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	wrong, err := streams.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("forward port %d: %w", port, err)
	}
	_ = wrong.Close() // nothing is said on it from here
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := streams.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("forward port %d: %w", port, err)
	}
	f := &forwarded{Stream: data, streams: streams, wrong: make(chan string, 1)}
	go func() {
		text, err := io.ReadAll(wrong)
		if err == nil {
			f.wrong <- strings.TrimSpace(string(text))
		}
		close(f.wrong)
		if len(text) > 0 {
			_ = data.Reset() // whoever reads learns of it at once
		}
	}()
	return f, nil
}

// forwarded is a stream of a forwarded connection as a connection. It has no
// deadlines of its own: requests end by their context, which closes it.
type forwarded struct {
	httpstream.Stream
	streams httpstream.Connection
	wrong   chan string
}

// Read gives the reason of the other side where it ends the stream for one.
func (f *forwarded) Read(p []byte) (int, error) {
	n, err := f.Stream.Read(p)
	if err != nil && n == 0 {
		select {
		case text := <-f.wrong:
			if text != "" {
				return 0, fmt.Errorf("the pod's port cannot be reached: %s", text)
			}
		default:
		}
	}
	return n, err
}

func (f *forwarded) Close() error                     { return errors.Join(f.Stream.Close(), f.streams.Close()) }
func (f *forwarded) LocalAddr() net.Addr              { return pipe{} }
func (f *forwarded) RemoteAddr() net.Addr             { return pipe{} }
func (f *forwarded) SetDeadline(time.Time) error      { return nil }
func (f *forwarded) SetReadDeadline(time.Time) error  { return nil }
func (f *forwarded) SetWriteDeadline(time.Time) error { return nil }

// pipe is the address of both ends.
type pipe struct{}

func (pipe) Network() string { return "kubernetes" }
func (pipe) String() string  { return "forwarded" }
