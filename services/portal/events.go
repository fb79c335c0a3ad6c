package portal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/op"
)

// events streams what changes to one open page (server-sent events): "inbox"
// whenever the caller's inbox is another one, with how many things wait there,
// and "signed_out" when the session has ended. A comment now and then keeps
// proxies from closing the line.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	x, err := s.sessionOf(r, true)
	if err != nil {
		op.WriteProblem(r.Context(), err, w)
		return
	}
	line := http.NewResponseController(w)
	// The stream outlives the deadline by which ordinary requests are read.
	if err := errors.Join(line.SetReadDeadline(time.Time{}), line.SetWriteDeadline(time.Time{})); err != nil {
		op.WriteProblem(r.Context(), err, w)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if err := line.Flush(); err != nil {
		return // the browser is gone
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.Stop, cancel)()

	tick := time.NewTicker(s.Config.Refresh)
	defer tick.Stop()
	var seen [sha256.Size]byte
	for quiet := time.Duration(0); ; quiet += s.Config.Refresh {
		message, digest, over := s.look(ctx, x)
		if ctx.Err() != nil {
			return // a look that was cut short says nothing of the inbox
		}
		if digest != seen || over {
			seen, quiet = digest, 0
			if _, err := fmt.Fprint(w, message); err != nil || line.Flush() != nil || over {
				return
			}
		}
		if quiet >= keepAlive {
			quiet = 0
			if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil || line.Flush() != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// keepAlive is the longest silence on a stream.
const keepAlive = 20 * time.Second

// look makes the message about the inbox as it stands, and a digest by which
// two looks are told apart. over is true when the session has ended.
func (s *Server) look(ctx context.Context, x *session) (message string, digest [sha256.Size]byte, over bool) {
	ended := func(err error) bool { return err != nil && fault.From(err).Is(errNoSession) }
	now, err := s.sessions.open(ctx, x.key, true)
	if ended(err) {
		return "event: signed_out\ndata: {}\n\n", digest, true
	}
	if err != nil {
		return "", digest, false // looked at again at the next tick
	}
	in, err := s.Inbox(authn.With(withSession(ctx, now), now.Principal), struct{}{})
	if ended(err) {
		return "event: signed_out\ndata: {}\n\n", digest, true
	}
	if err != nil {
		return "", digest, false
	}
	keys := make([]string, 0, len(in.Items)+len(in.Unavailable))
	for _, t := range in.Items {
		keys = append(keys, t.Service+"/"+t.Collection+"/"+t.ID+"/"+t.Action+"/"+t.DueOn)
	}
	slices.Sort(keys)
	b, err := json.Marshal([]any{in.Today, keys, in.Unavailable})
	if err != nil {
		return "", digest, false
	}
	return fmt.Sprintf("event: inbox\ndata: {\"items\":%d}\n\n", len(in.Items)), sha256.Sum256(b), false
}
