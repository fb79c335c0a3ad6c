package ops

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"egov/libs/host"
	"egov/tools/kube"
)

// Service is one service of an installation, over all its replicas.
type Service struct {
	Name      string
	Unit      string // code of the unit whose duty it is, where it is known
	Namespace string // empty outside of a cluster
	Workload  string // the Deployment that runs it; empty outside of a cluster
	Desired   int    // replicas that there should be
	Ready     int
	Restarts  int
	Instances []*Instance
}

// Instance is one replica of a service.
type Instance struct {
	Pod  string // or the address of a process
	Port kube.Port
	// Ready is what the cluster knows of the pod, or the process says of itself.
	Ready  bool
	Status host.Status
	// Unseen is why the replica could not be asked; nil where it was.
	Unseen error

	namespace string // of the pod
	figures   figures
	said      time.Time // here, when it said what it says

	// What doctor asks besides; empty where it was not asked or not answered.
	readiness string // why it is not ready, in its own words
	config    string // what is in force, secrets hidden
	seal      string // the public half of the service's seal
	keys      []eventKey
}

// eventKey is one public key by which a service's facts are proven.
type eventKey struct {
	Holder   string    `json:"holder"`
	NotAfter time.Time `json:"not_after"`
}

// seen are the replicas that answered.
func (s *Service) seen() []*Instance {
	return slices.DeleteFunc(slices.Clone(s.Instances), func(i *Instance) bool { return i.Unseen != nil })
}

// versions lists the versions that run, each once.
func (s *Service) versions() []string {
	var v []string
	for _, i := range s.seen() {
		v = append(v, i.Status.Version)
	}
	slices.Sort(v)
	return slices.Compact(v)
}

// started is when the replica that runs the longest was started; zero when none
// says so.
func (s *Service) started() (at time.Time) {
	for _, i := range s.seen() {
		if at.IsZero() || i.Status.StartedAt.Before(at) {
			at = i.Status.StartedAt
		}
	}
	return at
}

// place names the service for people: with its namespace, where there is one.
func (s *Service) place() string {
	if s.Namespace == "" {
		return s.Name
	}
	return s.Namespace + "/" + s.Name
}

func byPlace(a, b *Service) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Name, b.Name))
}
