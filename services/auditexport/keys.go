package auditexport

import "egov/libs/ledger/checkpoint"

// Keyring is the ledger's own keys: Ed25519, which any C2SP tool reads, and SM2.
type Keyring struct {
	Signers []*checkpoint.Signer
	Keys    checkpoint.Keys
	Trust   *checkpoint.Trust
}

// Anchor holds the newest checkpoint that was signed where nobody who can change
// the database can change it too. A database that is set back as a whole,
// checkpoints included, contradicts it. It is safe for concurrent use.
type Anchor interface {
	// Newest is the newest checkpoint seen; of size 0 when there was none.
	Newest() checkpoint.Signed
	// Keep remembers s, unless something newer is known.
	Keep(s checkpoint.Signed) error
}
