package module

import (
	"net"
	"path"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/host"
)

// RedisLink is what /status tells of the way to Redis.
func RedisLink(o *redis.Options) host.Link {
	server, _, err := net.SplitHostPort(o.Addr)
	return host.Link{To: "redis", TLS: o.TLSConfig != nil, Named: o.Username != "" && o.Username != "default", Local: err != nil || isLocal(server)}
}

// postgresLink is what /status tells of the way to PostgreSQL, whose sessions
// always have a name.
func postgresLink(c *pgx.ConnConfig) host.Link {
	return host.Link{To: "postgres", TLS: c.TLSConfig != nil, Named: true, Local: isLocal(c.Host)}
}

// isLocal tells a server of this machine: on loopback or a socket file.
func isLocal(server string) bool {
	if server == "localhost" || path.IsAbs(server) {
		return true
	}
	ip := net.ParseIP(server)
	return ip != nil && ip.IsLoopback()
}
