// Package ledger is the audit ledger's pure core: the bytes of an event, the
// hash chain over them, the Merkle tree over the chain and the proofs drawn
// from it. It works on bytes alone: no database, no network, no clock. Who
// signs a tree, and who witnesses it, is package checkpoint's matter; what an
// auditor carries away is package bundle's.
//
// # What one row holds
//
// Every event of every service becomes one row. Rows are numbered 1, 2, 3, …
// without a gap, in the order in which they arrive. A row holds
//
//	raw     the event, CloudEvents 1.0 structured JSON in one fixed form
//	sha256  SHA-256(raw)
//	sm3     SM3(raw)
//	chain   SHA-256(0x00 ‖ chain of the row before ‖ seq ‖ sha256 ‖ sm3)
//
// where seq is eight bytes, most significant first, and the chain before the
// first row is SHA-256(0x02 ‖ origin), origin being the ledger's name. Beside
// it runs a second chain in SM3 alone, SM3(0x00 ‖ … ‖ seq ‖ sm3), so that a
// ledger signed with SM2 rests on no foreign algorithm. Its head stands in the
// checkpoint, not in the rows.
//
// The two row hashes are plain on purpose: an auditor checks them with any
// tool at hand. No byte string means two things all the same: an event begins
// with '{', a link of the chain with 0x00, an inner node of the tree with 0x01
// and a genesis with 0x02.
//
// # The tree
//
// The tree is that of RFC 6962 over SHA-256. Leaf number seq−1 is the 104 bytes
// that a link of the chain hashes behind its 0x00, so that the leaf hash is the
// chain value itself: one hash serves both structures, and they cannot tell
// different stories. The leaf is not the event. It commits to the event through
// both algorithms, to its place and to everything before it; payloads are
// hashed once per algorithm, a tree is rebuilt from 32 bytes a row, and an
// inclusion proof is shown without showing what the event says.
//
// # What it does not promise
//
// A chain and a tree say that nothing changed since somebody signed; they do
// not say who wrote an event, nor that an event tells the truth, nor that
// nothing was left out before it reached the ledger.
package ledger
