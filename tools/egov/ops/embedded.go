package ops

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"egov/libs/conf"
	"egov/libs/fault"
	"egov/services/suite"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

var (
	errNotUp     = fault.New(fault.Unavailable, "not_running", "没有在运行的系统", "nothing is running")
	errNotPortal = fault.New(fault.Invalid, "not_a_portal", "该地址不是门户", "this is not a portal's address")
)

// machine is an installation of one machine: what `egov up` started, or the
// services a portal knows.
type machine struct {
	at       string            // for people
	services map[string]string // base URL by name
	password string            // of the demonstration's operator; empty where there is none
	http     *http.Client
}

// answerTime bounds one answer of a service of this machine.
const answerTime = 5 * time.Second

// ofData finds what `egov up` started on a data directory.
func ofData(dir string) (*machine, error) {
	file := filepath.Join(dir, "suite.yaml")
	c := suite.Default()
	if err := conf.Load(&c, file, func(string) (string, bool) { return "", false }); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errNotUp.WithMsg(dir+" 不是 egov up 的数据目录", dir+" is no data directory of egov up").With(err)
		}
		return nil, cli.Unreadable(file, err)
	}
	m := &machine{at: dir, services: map[string]string{}, password: string(c.Identity.DemoPassword), http: &http.Client{Timeout: answerTime}}
	m.listens("identity", c.Identity.Listen)
	m.listens("portal", c.Portal.Listen)
	for name, o := range c.Services {
		m.listens(name, o.Listen)
	}
	return m, nil
}

func (m *machine) listens(name, at string) { m.services[name] = "http://" + at }

// ofServer asks a portal where its services are.
func ofServer(ctx context.Context, server string) (*machine, error) {
	server = strings.TrimRight(server, "/")
	m := &machine{at: server, services: map[string]string{}, http: &http.Client{Timeout: answerTime}}
	body, err := m.read(ctx, server+"/status/config")
	if err != nil {
		return nil, err
	}
	var c struct {
		Services map[string]string `yaml:"services"`
	}
	if err := yaml.Unmarshal(body, &c); err != nil || len(c.Services) == 0 {
		return nil, errNotPortal.WithMsg("该地址不是门户："+server, "this is not a portal's address: "+server)
	}
	for name, at := range c.Services {
		m.services[name] = strings.TrimRight(at, "/")
	}
	m.services["portal"] = server
	return m, nil
}

func (m *machine) read(ctx context.Context, url string) ([]byte, error) {
	status, body, err := m.get(ctx, url)
	if err == nil && status != http.StatusOK {
		err = errAnswer
	}
	return body, err
}

// largest bounds what is read of an answer.
const largest = 16 << 20

func (m *machine) get(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, session.ErrServer.With(err)
	}
	resp, err := m.http.Do(req)
	if err != nil {
		return 0, nil, session.ErrUnreachable.WithMsg("无法连接 "+url, "cannot reach "+url).With(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	return resp.StatusCode, body, err
}

// survey asks every service. An installation none of whose services answers is
// not running.
func (m *machine) survey(ctx context.Context, d depth) (*Survey, error) {
	s := &Survey{}
	for name, base := range m.services {
		s.Services = append(s.Services, &Service{
			Name: name, Desired: 1,
			Instances: []*Instance{{Pod: strings.TrimPrefix(strings.TrimPrefix(base, "http://"), "https://")}},
		})
	}
	slices.SortFunc(s.Services, byPlace)
	ask(ctx, s.Services, func(ctx context.Context, i *Instance, path string) (int, []byte, error) {
		return m.get(ctx, m.base(i)+path)
	}, d)
	if d == names {
		return s, nil
	}
	answered := 0
	for _, x := range s.Services {
		for _, i := range x.seen() {
			answered++
			x.Unit = i.Status.Unit
			if i.Ready = i.Status.Ready; i.Ready {
				x.Ready++
			}
		}
	}
	if answered == 0 {
		return nil, errNotUp.WithMsg(m.at+" 的服务没有一个应答：请先运行 egov up", "no service of "+m.at+" answers: run egov up first")
	}
	slices.SortFunc(s.Services, byPlace)
	return s, nil
}

// base is the URL of a process, by its address.
func (m *machine) base(i *Instance) string {
	for _, base := range m.services {
		if strings.HasSuffix(base, "//"+i.Pod) {
			return base
		}
	}
	return "http://" + i.Pod
}

// isUp tells whether a directory holds what `egov up` started.
func isUp(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "suite.yaml"))
	return err == nil
}
