package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"egov/libs/ledger"
)

// Proof is proof.json without its rows: what ties the rows to the root.
type Proof struct {
	Kind Kind   `json:"kind"`
	Size uint64 `json:"size"` // rows of the tree the proofs are for

	// KindRange only: the seq of the first row, the chain value before it, and
	// the compact ranges that cover the rows before and after.
	First  uint64        `json:"first,omitempty"`
	Before *ledger.Hash  `json:"before,omitempty"`
	Left   []ledger.Hash `json:"left,omitempty"`
	Right  []ledger.Hash `json:"right,omitempty"`

	// Consistency shows that the tree continues an earlier one.
	Consistency *Consistency `json:"consistency,omitempty"`
}

// Consistency is a proof of RFC 6962 §2.1.2 from an earlier tree.
type Consistency struct {
	Size   uint64        `json:"size"`
	Root   ledger.Hash   `json:"root"`
	Hashes []ledger.Hash `json:"hashes"`
}

// RowProof is one row's inclusion proof, RFC 6962 §2.1.1: its leaf is the chain
// value that follows Prev over the row.
type RowProof struct {
	Seq    uint64        `json:"seq"`
	Prev   ledger.Hash   `json:"prev"`   // chain value of row seq−1
	Hashes []ledger.Hash `json:"hashes"` // from the leaf's sibling up
}

// The member of KindRows proofs that follows all others.
const proofRows = "rows"

// proofElement bounds what one member or one row's proof may take, in bytes: a
// path has at most 64 hashes.
const proofElement = 64 << 10

// proofReader reads proof.json as a stream: its head at once, then row after
// row.
type proofReader struct {
	Proof
	decoder *json.Decoder
	budget  *budgetReader
	next    *RowProof // the one that comes next, nil at the end
}

func openProof(r io.Reader) (*proofReader, error) {
	budget := &budgetReader{r: r, left: proofElement}
	p := &proofReader{decoder: json.NewDecoder(budget), budget: budget}
	p.decoder.DisallowUnknownFields()
	if err := p.delim('{'); err != nil {
		return nil, err
	}
	members := map[string]any{
		"kind": &p.Kind, "size": &p.Size, "first": &p.First, "before": &p.Before,
		"left": &p.Left, "right": &p.Right, "consistency": &p.Consistency,
	}
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if name == proofRows {
			if err := p.delim('['); err != nil {
				return nil, err
			}
			return p, p.advance()
		}
		member, ok := members[name]
		if !ok {
			return nil, fmt.Errorf("member %q is unknown or repeated", name)
		}
		delete(members, name)
		if err := p.decode(member); err != nil {
			return nil, err
		}
	}
	return p, p.end()
}

// advance reads the next row's proof, or the end of the document.
func (p *proofReader) advance() error {
	p.next = nil
	if p.decoder.More() {
		var next RowProof
		if err := p.decode(&next); err != nil {
			return err
		}
		p.next = &next
		return nil
	}
	if err := p.delim(']'); err != nil {
		return err
	}
	return p.end()
}

func (p *proofReader) end() error {
	if err := p.delim('}'); err != nil {
		return err
	}
	if _, err := p.decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

func (p *proofReader) decode(v any) error {
	err := p.decoder.Decode(v)
	p.budget.left = proofElement
	return err
}

func (p *proofReader) delim(want json.Delim) error {
	token, err := p.decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%v where %v belongs", token, want)
	}
	return nil
}

// budgetReader keeps a decoder from buffering without bound.
type budgetReader struct {
	r    io.Reader
	left int
}

var errTooLong = errors.New("one element is too long")

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
