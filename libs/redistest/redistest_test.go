package redistest_test

import (
	"os"
	"testing"

	"egov/libs/redistest"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m.Run)) }

func TestClientsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	a, b := redistest.Client(t), redistest.Client(t)
	if err := a.Set(t.Context(), "k", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("the other test's database holds %d keys, err = %v", n, err)
	}
}

func TestPrivateServerIsKilledAndRestartedEmpty(t *testing.T) {
	t.Parallel()
	s := redistest.Server(t)
	c := redistest.Open(t, s.URL(0))
	if err := c.Set(t.Context(), "k", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if n, err := c.Exists(t.Context(), "k").Result(); err != nil || n != 0 {
		t.Errorf("after the restart: %d keys, err = %v", n, err)
	}
}
