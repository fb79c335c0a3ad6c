package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"egov/libs/event/eventkeys"
	"egov/libs/fault"
)

// depth is how much replicas are asked.
type depth int

const (
	names   depth = iota // nothing: which services there are
	current              // how they stand
	whole                // besides, what tells misconfigurations
)

// getter reads a path of a replica.
type getter func(ctx context.Context, i *Instance, path string) (status int, body []byte, err error)

var errAnswer = fault.New(fault.Unavailable, "answer_not_understood", "答复无法识别", "the answer is not understood")

// atOnce bounds how many replicas are asked at the same time.
const atOnce = 8

// ask has every replica of the services say how it stands. What one does not say
// is noted with it and stops nobody.
func ask(ctx context.Context, services []*Service, get getter, d depth) {
	if d == names {
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, s := range services {
		for _, i := range s.Instances {
			if i.Unseen != nil {
				continue
			}
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if i.Unseen = i.ask(ctx, get); i.Unseen == nil && d == whole {
					i.askMore(ctx, get)
				}
			})
		}
	}
	wg.Wait()
}

func (i *Instance) ask(ctx context.Context, get getter) error {
	body, err := i.read(ctx, get, "/status")
	if err != nil {
		return err
	}
	i.said = time.Now()
	if err := json.Unmarshal(body, &i.Status); err != nil || i.Status.Service == "" {
		return errAnswer.WithMsg(i.Pod+" 不是本套件的服务", i.Pod+" is no service of this suite")
	}
	if body, err = i.read(ctx, get, "/metrics"); err != nil {
		return err
	}
	i.figures, err = parseFigures(body)
	return err
}

func (i *Instance) read(ctx context.Context, get getter, path string) ([]byte, error) {
	status, body, err := get(ctx, i, path)
	if err == nil && status != http.StatusOK {
		err = errAnswer.WithMsg(fmt.Sprintf("%s%s 答复 HTTP %d", i.Pod, path, status), fmt.Sprintf("%s%s answers HTTP %d", i.Pod, path, status))
	}
	return body, err
}

// askMore reads what doctor compares; what is not served stays empty.
func (i *Instance) askMore(ctx context.Context, get getter) {
	if status, body, err := get(ctx, i, "/readyz"); err == nil && status != http.StatusOK {
		i.readiness = strings.TrimSpace(string(body))
	}
	if body, err := i.read(ctx, get, "/status/config"); err == nil {
		i.config = string(body)
	}
	if body, err := i.read(ctx, get, "/v1/seal"); err == nil {
		var seal struct {
			KeyID string `json:"key_id"`
		}
		if json.Unmarshal(body, &seal) == nil {
			i.seal = seal.KeyID
		}
	}
	if body, err := i.read(ctx, get, eventkeys.Path); err == nil {
		var set struct {
			Keys []eventKey `json:"keys"`
		}
		if json.Unmarshal(body, &set) == nil {
			i.keys = set.Keys
		}
	}
}
