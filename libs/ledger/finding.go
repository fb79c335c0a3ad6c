package ledger

import (
	"fmt"

	"egov/libs/fault"
)

// Code names one way in which a ledger, or an export of it, fails to hold.
// stable: the audit tools print these.
type Code string

// The codes. Each has one meaning; a checker reports the first it meets.
const (
	CodeRowHash             Code = "row_hash"             // an event's bytes are not those that were hashed
	CodeChainBroken         Code = "chain_broken"         // a row does not follow the one before it
	CodeRowMissing          Code = "row_missing"          // a row between two others is absent
	CodeRowOrder            Code = "row_order"            // a row stands at the wrong place, or twice
	CodeLeafNotInTree       Code = "leaf_not_in_tree"     // the rows are not those of the signed tree, or of a batch that their service signed
	CodeCheckpointSignature Code = "checkpoint_signature" // the checkpoint is malformed or a signature on it is false; with a row, that of the batch it is in
	CodeUnknownKey          Code = "unknown_key"          // no key trusted for that size signed
	CodeFork                Code = "fork"                 // the ledger does not continue the one seen before
	CodeTruncated           Code = "truncated"            // the end is missing, of the file or of a ledger seen longer before
	CodeManifest            Code = "manifest"             // the manifest is absent, not authentic, or not of this archive
	CodeFileHash            Code = "file_hash"            // a file is not the one the manifest lists
	CodeCosignature         Code = "cosignature"          // a witness's signature is false, removed, or there are too few
	CodeProofMissing        Code = "proof_missing"        // nothing is wrong, and nothing shows that the ledger continues the one seen before
)

// sentinels hold the texts a person reads. Every one matches with errors.Is.
var sentinels = map[Code]*fault.Error{
	CodeRowHash:             fault.New(fault.Invalid, "row_hash", "账本行的内容与其摘要不符，内容已被改动", "a row's content does not match its hash: it was altered", "YP23-M-16"),
	CodeChainBroken:         fault.New(fault.Invalid, "chain_broken", "账本行与前一行的哈希链断裂", "a row does not follow the one before it in the hash chain", "YP23-M-16"),
	CodeRowMissing:          fault.New(fault.Invalid, "row_missing", "账本中间缺少一行", "a row between two others is missing", "YP23-M-16"),
	CodeRowOrder:            fault.New(fault.Invalid, "row_order", "账本行的次序不对或重复", "rows are out of order or repeated", "YP23-M-16"),
	CodeLeafNotInTree:       fault.New(fault.Invalid, "leaf_not_in_tree", "账本行不在已签名的默克尔树或其出具服务签名的批次中", "the rows are not those of the signed Merkle tree, or of a batch that their service signed", "YP23-M-16"),
	CodeCheckpointSignature: fault.New(fault.Invalid, "checkpoint_signature", "检查点或服务批次格式有误或其签名无效", "the checkpoint, or the batch in which a service signed its rows, is malformed or its signature is false", "YP23-M-16"),
	CodeUnknownKey:          fault.New(fault.Invalid, "unknown_key", "签名所用的密钥不在受信任之列", "no trusted key signed", "YP23-M-16"),
	CodeFork:                fault.New(fault.Invalid, "fork", "账本与先前所见的不一致，存在分叉", "the ledger does not continue the one seen before: it is a fork", "YP23-M-16"),
	CodeTruncated:           fault.New(fault.Invalid, "truncated", "账本或文件的末尾缺失", "the end of the ledger or of the file is missing", "YP23-M-16"),
	CodeManifest:            fault.New(fault.Invalid, "manifest", "清单缺失、不真实或与审计包不符", "the manifest is missing, not authentic, or not of this bundle", "YP23-M-16"),
	CodeFileHash:            fault.New(fault.Invalid, "file_hash", "文件与清单所列的不符", "a file is not the one the manifest lists", "YP23-M-16"),
	CodeCosignature:         fault.New(fault.Invalid, "cosignature", "见证签名无效、被移除或数量不足", "a witness cosignature is false, removed, or there are too few", "YP23-M-16"),
	CodeProofMissing: fault.New(fault.Invalid, "proof_missing", "没有附上从先前所见行数起的延续证明，既不能证明账本延续，也不能证明分叉",
		"there is no proof from the rows seen before: neither that the ledger continues them, nor that it is a fork", "YP23-M-16"),
}

// Finding is one proof that a ledger or an export of it does not hold.
type Finding struct {
	Code   Code
	Seq    uint64 // the lowest row that does not hold; 0 when no single row is to blame
	Detail string // English, for the person who looks closer; may be empty
}

func found(c Code, seq uint64) *Finding { return &Finding{Code: c, Seq: seq} }

// Found makes a Finding with its detail.
func Found(c Code, seq uint64, format string, args ...any) *Finding {
	return &Finding{Code: c, Seq: seq, Detail: fmt.Sprintf(format, args...)}
}

func (f *Finding) Error() string {
	s := string(f.Code)
	if f.Seq != 0 {
		s += fmt.Sprintf(" at row %d", f.Seq)
	}
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	return s
}

// Unwrap gives the fault with the texts to show.
func (f *Finding) Unwrap() error {
	if s, ok := sentinels[f.Code]; ok {
		return s
	}
	return nil
}
