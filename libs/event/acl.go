package event

import "strings"

// ACL are the rights of a service's own user in Redis 7 or later, in the words
// of ACL SETUSER and of an ACL file: it writes the stream of its own facts and
// what belongs to it, reads the streams of the others in groups, asks them to
// repeat what it misses, and can do nothing else. Commands that speak of no key
// in particular (SCAN, DBSIZE, RANDOMKEY) are not among them: key names alone
// say who is signed in.
//
// What it cannot narrow down: Redis knows keys, not groups, so a service could
// acknowledge in another's name. What is taken away from a group like that is
// missed by the reconciler and asked for again. Nor does it know arguments: who
// may ask others to repeat may also cut the list of what was asked, and is then
// asked again itself; and who may run scripts may run one without end.
func ACL(source string) []string {
	own := []string{"~" + streamKey(source), "~" + requestKey(source), "~" + windowKey(source), "~egov:replay:" + source + ":*", "~egov:proofs:" + source, "~egov:proofs:" + source + ":*"}
	rules := append([]string{"resetchannels", "resetkeys", "-@all"}, own...)
	rules = append(rules, "+@connection", "+@transaction", "+@stream", "+@hash", "+exists", "+del", "+eval", "+evalsha", "+script|load",
		"-@admin", "-@dangerous", "+xinfo") // xinfo is not dangerous on keys of one's own; what is, such as KEYS, FLUSHALL and CONFIG, stays out
	const follow = "+xreadgroup +xack +xclaim +xautoclaim +xpending +xrange +xread +xlen +xinfo|stream +xinfo|groups +xinfo|consumers"
	const group = " +xgroup|create +xgroup|createconsumer +xgroup|delconsumer"
	return append(rules,
		// One command reads events and what was repeated for the reader: one rule has to allow both.
		"(~egov:events:* ~egov:replay:*:"+source+".* "+follow+group+")",
		"(~egov:replay:*:"+source+".* +xdel)",
		"(%R~egov:proofs:* +xrange +xread +xinfo|stream +xlen)",
		"(%R~egov:windows:* +hgetall +hmget +hget)",
		"(~egov:requests:* +xadd)",
	)
}

// WatcherACL are the rights of a user that looks at what waits in the streams,
// and at nothing that they hold: an autoscaler's.
func WatcherACL() []string {
	return strings.Fields("resetchannels resetkeys -@all %R~egov:events:* +ping +hello +auth +client|setname +xlen +xpending +xinfo|stream +xinfo|groups")
}
