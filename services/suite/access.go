package suite

import (
	"fmt"
	"strings"

	"egov/libs/event"
	portal "egov/services/portal/module"
)

// RedisRights are the rights of each service's own user in Redis, in the words
// of ACL SETUSER: a service carries its facts, the portal keeps its sessions.
func RedisRights(service string) []string {
	if service == portal.Name {
		return strings.Fields("resetchannels resetkeys -@all ~portal:* +@connection +get +getex +set +del +eval +evalsha -@admin -@dangerous")
	}
	return event.ACL(service)
}

//go:generate go run ./cmd/redisusers -o ../../deploy/redis/users.acl

// nobody is the hash of no password that anybody knows.
var nobody = strings.Repeat("0", 64)

// RedisUsers is an ACL file for Redis with a user for every service, one for
// an autoscaler that only watches, one for who runs the server, and none that
// needs no password. Nobody can sign in until deploy/redis/passwords.sh has put
// passwords in.
func RedisUsers() string {
	var out strings.Builder
	user := func(name string, rights []string) {
		fmt.Fprintf(&out, "user %s on #%s %s\n", name, nobody, strings.Join(rights, " "))
	}
	for _, name := range Names() {
		user(name, RedisRights(name))
	}
	user("watcher", event.WatcherACL())
	user("admin", []string{"~*", "&*", "+@all"})
	out.WriteString("user default off\n")
	return out.String()
}
