package module_test

import (
	"encoding/json"
	"testing"

	"github.com/redis/go-redis/v9"

	"egov/libs/host"
	"egov/libs/module"
)

func TestLinksTellHowRedisIsReached(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]host.Link{
		"rediss://notes:x@redis.example.gov.cn:6379": {To: "redis", TLS: true, Named: true},
		"redis://redis.example.gov.cn:6379":          {To: "redis"},
		"redis://default:x@10.20.1.5:6379":           {To: "redis"},
		"redis://notes:x@127.0.0.1:6379":             {To: "redis", Named: true, Local: true},
		"redis://localhost:6379":                     {To: "redis", Local: true},
		"unix:///run/redis.sock":                     {To: "redis", Local: true},
	} {
		o, err := redis.ParseURL(url)
		must(t, err)
		if got := module.RedisLink(o); got != want {
			t.Errorf("%s: %+v", url, got)
		}
	}
}

func TestStatusSaysWhoseDutyItIs(t *testing.T) {
	t.Parallel()
	s := start(t, "2026-03-02").s
	var said host.Status
	must(t, json.Unmarshal(s.As("a", "b").Get("/status").Body, &said))
	if said.Service != "notes" || said.Unit != "gov-office" || said.Now.Before(said.StartedAt) || !said.Ready || len(said.Links) != 2 {
		t.Errorf("%+v", said)
	}
	for _, l := range said.Links {
		if !l.Local || l.TLS {
			t.Errorf("the tests' servers are of this machine: %+v", l)
		}
	}
}
