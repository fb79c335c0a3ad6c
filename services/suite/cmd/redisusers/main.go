// Command redisusers writes the ACL file of a district's Redis.
package main

import (
	"flag"
	"fmt"
	"os"

	"egov/services/suite"
)

func main() {
	file := flag.String("o", "deploy/redis/users.acl", "the file to write")
	flag.Parse()
	if err := os.WriteFile(*file, []byte(suite.RedisUsers()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "redisusers:", err)
		os.Exit(1)
	}
}
