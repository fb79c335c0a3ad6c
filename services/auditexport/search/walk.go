package search

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// walker goes over one valid JSON value without building it. key is the nearest
// member's name around a value, which elements of an array share.
type walker struct {
	rest   []byte
	text   func(key string, value []byte) // a string, unescaped; valid during the call
	number func(key string, value []byte)
	skip   func(key string) bool // leaves out a member's value
	depth  int
	quiet  int // > 0 inside what is left out
}

// maxDepth is that of encoding/json, which has found the value valid.
const maxDepth = 10_000

// walk visits the strings and numbers of data. What is not valid JSON is
// visited as far as it is read.
func (w *walker) walk(data []byte) {
	w.rest = data
	w.value("")
}

func (w *walker) space() {
	for len(w.rest) > 0 && (w.rest[0] == ' ' || w.rest[0] == '\n' || w.rest[0] == '\t' || w.rest[0] == '\r') {
		w.rest = w.rest[1:]
	}
}

// take passes over one byte if it is c.
func (w *walker) take(c byte) bool {
	w.space()
	if len(w.rest) == 0 || w.rest[0] != c {
		return false
	}
	w.rest = w.rest[1:]
	return true
}

func (w *walker) value(key string) {
	w.space()
	if len(w.rest) == 0 || w.depth > maxDepth {
		w.rest = nil
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	switch c := w.rest[0]; c {
	case '{':
		w.rest = w.rest[1:]
		w.object()
	case '[':
		w.rest = w.rest[1:]
		for !w.take(']') && len(w.rest) > 0 {
			w.value(key)
			w.take(',')
		}
	case '"':
		if s := w.cut(); w.quiet == 0 {
			w.text(key, s)
		}
	default:
		n := bytes.IndexAny(w.rest, ",]} \n\t\r")
		switch {
		case n < 0:
			n = len(w.rest)
		case n == 0: // no value: not JSON
			w.rest = nil
			return
		}
		if literal := w.rest[:n]; w.quiet == 0 && (c == '-' || c >= '0' && c <= '9') {
			w.number(key, literal)
		}
		w.rest = w.rest[n:]
	}
}

func (w *walker) object() {
	for !w.take('}') && len(w.rest) > 0 {
		w.space()
		if len(w.rest) == 0 || w.rest[0] != '"' {
			w.rest = nil
			return
		}
		key := string(w.cut())
		w.take(':')
		hidden := w.skip(key)
		if hidden {
			w.quiet++
		}
		w.value(key)
		if hidden {
			w.quiet--
		}
		w.take(',')
	}
}

// cut takes one string off.
func (w *walker) cut() []byte {
	escaped := false
	for i := 1; i < len(w.rest); i++ {
		switch w.rest[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			quoted := w.rest[:i+1]
			w.rest = w.rest[i+1:]
			if !escaped {
				return quoted[1:i]
			}
			var s string
			if json.Unmarshal(quoted, &s) != nil {
				return nil
			}
			return []byte(s)
		}
	}
	w.rest = nil
	return nil
}

// isProse tells what people wrote or read from what only programs do: ids,
// hashes, signatures and dates are found by other means.
func isProse(s []byte) bool {
	switch n := len(s); {
	case n < 2:
		return false
	case !isASCII(s):
		return true
	case n == len("2006-01-02") && s[4] == '-' && s[7] == '-', n > len("2006-01-02T") && s[4] == '-' && s[10] == 'T':
		return false
	case n == len("00000000-0000-0000-0000-000000000000") && s[8] == '-' && s[13] == '-':
		return false
	default:
		const longWord, hash = 48, 32
		return bytes.IndexByte(s, ' ') > 0 || n < hash || n < longWord && !isHex(s)
	}
}

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isHex(s []byte) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// content visits what a fact says: its words, each of its amounts in fen, and
// the provisions it names. Queries that were made are not words of the ledger,
// or every search would find itself.
type content struct {
	words     func(folded []byte) // valid during the call
	amount    func(fen int64)
	provision func(id string)
}

const (
	amountSuffix = "_fen"
	basisKey     = "basis"
	decisionKey  = "decision_json" // a document of its own, kept as a text
	queryType    = "egov.auditexport.v1.LedgerQueried"
)

func (c content) visit(typ string, data []byte) {
	w := walker{
		text: func(key string, value []byte) {
			switch {
			case key == basisKey:
				c.provision(string(value))
			case key == decisionKey:
				c.decision(value)
			case strings.HasSuffix(key, amountSuffix):
				c.fen(value)
			case typ == queryType && key == "query":
			case isProse(value):
				c.words(bytes.Map(fold, value))
			}
		},
		number: func(key string, value []byte) {
			if strings.HasSuffix(key, amountSuffix) {
				c.fen(value)
			}
		},
		skip: func(key string) bool { return key == "signature" || key == "trace" },
	}
	w.walk(data)
}

func (c content) fen(value []byte) {
	if v, err := strconv.ParseInt(string(value), 10, 64); err == nil {
		c.amount(v)
	}
}

// decision visits the provisions that a decision inside of a fact rests on; its
// amounts are limits and its words the pack's.
func (c content) decision(document []byte) {
	if !json.Valid(document) {
		return
	}
	w := walker{
		text: func(key string, value []byte) {
			if key == basisKey {
				c.provision(string(value))
			}
		},
		number: func(string, []byte) {},
		skip:   func(string) bool { return false },
	}
	w.walk(document)
}
