// Package bundle writes and verifies what an auditor carries away: one ZIP
// archive with rows of the ledger, the signed checkpoint they stand under, the
// proofs that tie the two together, and the project's papers beside them.
//
// Verify works offline, in one pass, in memory that does not grow with the
// archive. It trusts the keys it is given and nothing else: not the writer of
// the archive, not the ZIP's own directory, not a size or a name in it.
//
// It promises that rows it accepts are, byte for byte and in order, those of
// the tree that a trusted key signed, and that every other file is the one a
// trusted key listed. It does not promise that a selection of rows is
// everything there is about its subject beyond what the events' own numbers
// show, nor that the tables and project documents say what the rows say.
//
// # The archive
//
//	checkpoint         the signed note; first, so that a cut archive is known for what it is
//	keys.json          checkpoint.Keys: the keys in use when it was written
//	ledger.jsonl       one row a line, then one closing line; see AppendRow and Trailer
//	proof.json         see Proof
//	project/*.json     project/ documents
//	tables/*           tables/ as CSV, XLSX, Parquet
//	files/*            attachments
//	completeness.json  which required fields are missing, and why
//	completeness.md    the same for people
//	checks.json        what an archive asks of records, item by item; see Checks
//	README.md          what the bundle is and how to check it
//	metadata.json      of a package for an archive; see Metadata
//	metadata.xml       the same
//	manifest.json      see Manifest; last
//
// The five reports are optional but for a package for an archive (SH12-A), which
// is of one project, whole, and has them all.
//
// # Three kinds
//
// KindLedger holds all rows from the first to the last: the chains and the
// root are recomputed from nothing. KindRange holds consecutive rows: the root
// is recomputed from them and the few hashes that stand for the rest.
// KindRows holds chosen rows, those of one project for example: each comes
// with its own inclusion proof.
package bundle
