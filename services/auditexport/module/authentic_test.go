package module_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/event/eventkeys"
	"egov/libs/redistest"
	"egov/libs/sign"
	"egov/services/auditexport"
	"egov/services/auditexport/module"
	"egov/services/auditexport/pgstore"
)

// metrics is what the service exports.
func (b *bureau) metrics() string {
	b.t.Helper()
	r, err := http.Get(b.URL + "/metrics")
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// TestAnOwnerOfRedisMakesNoRow has somebody with full access to Redis state a fact
// in the name of a bureau (SH12-C-6, SH12-C-12): it never becomes a row, the
// ledger names it, and what the bureau states becomes rows as before.
func TestAnOwnerOfRedisMakesNoRow(t *testing.T) {
	t.Parallel()
	b := start(t)
	n := b.road("p-1")
	b.await(n)
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	forged := event.Pack(map[string]string{
		"specversion": "1.0", "id": uuid.NewString(), "source": "conference", "type": "egov.conference.v1.DecisionTaken", "subject": "p-forged",
		"time": now, "recordedtime": now, "egovunit": "gov-office", "egovactor": "chair", "egovseq": "1",
	}, `{"project_id":"p-forged","outcome":"approved"}`)
	rdb := redistest.Open(t, string(b.Config.Redis.URL))
	if err := rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "egov:events:conference", Values: []any{event.EntryField, forged}, ID: fmt.Sprintf("%d-1", uint64(1)<<62)}).Err(); err != nil {
		t.Fatal(err)
	}
	b.Await("it is refused", func() bool {
		return strings.Contains(b.metrics(), `egov_consumer_refused_total{code="event_unsigned",consumer="auditexport.ledger",service="auditexport",source="conference"} 1`)
	})
	b.wantSound(n)
	for _, r := range b.query(nil).Items {
		if r.Subject == "p-forged" {
			t.Fatalf("it is row %d", r.Seq)
		}
	}
}

// TestWhatNobodySignedIsFoundInTheLedger has the ledger's operator, who owns its
// database and its code, put in rows that no service stated, or change what
// proves the others. Chain and tree are right in all of it.
func TestWhatNobodySignedIsFoundInTheLedger(t *testing.T) {
	t.Parallel()
	self := authn.Service(module.Name, auditexport.Bureau)
	for name, tt := range map[string]struct {
		code string
		do   func(b *bureau)
	}{
		"a row of his own": {"unvouched", func(b *bureau) {
			book := pgstore.NewBook(b.DB.Pool(b.t), "yangpu.egov/ledger", self)
			err := pgx.BeginFunc(b.t.Context(), b.DB.Pool(b.t), func(tx pgx.Tx) error {
				return book.Append(b.t.Context(), tx, []event.Record{{
					ID: uuid.NewString(), Source: "conference", Type: "egov.conference.v1.DecisionTaken", Subject: "p-1", Unit: "gov-office",
					Actor: "chair", Time: b.Now(), Seq: 9, Data: []byte(`{"outcome":"approved"}`), RecordedAt: b.Now(),
				}})
			})
			if err != nil {
				b.t.Fatal(err)
			}
		}},
		"another time of recording": {"unvouched", func(b *bureau) {
			b.sql("UPDATE ledger_voucher SET recorded = overlay(recorded PLACING '\\x0000000000000001' FROM 1) WHERE first_seq = (SELECT min(first_seq) FROM ledger_voucher)")
		}},
		"no voucher": {"unvouched", func(b *bureau) {
			b.sql("DELETE FROM ledger_voucher WHERE first_seq = (SELECT max(first_seq) FROM ledger_voucher)")
		}},
		"another's voucher": {"unvouched", func(b *bureau) {
			b.sql("UPDATE ledger_voucher SET source = 'identity' WHERE source = 'declaration'")
		}},
		"another signature": {"unvouched", func(b *bureau) {
			b.sql("UPDATE ledger_voucher SET signature = overlay(signature PLACING '\\x0000' FROM 30) WHERE source = 'declaration'")
		}},
		"a key of nobody": {"unknown_key", func(b *bureau) {
			b.sql("UPDATE ledger_voucher SET key_id = repeat('0', 32) WHERE source = 'declaration'")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			n := b.road("p-1")
			b.await(n)
			b.wantSound(n)
			tt.do(b)
			if v := b.verify(); v.OK || v.ErrorCode != tt.code || v.FirstBadSeq == 0 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestKeysOfEventsChangeEndToEnd has a bureau sign with one key after the other,
// by both algorithms (SH12-C-12): every row is proved, the old ones by old keys.
func TestKeysOfEventsChangeEndToEnd(t *testing.T) {
	t.Parallel()
	b := start(t)
	n := b.road("p-1")
	b.await(n)
	for i, alg := range []sign.Alg{sign.Ed25519, sign.SM2} {
		// Another process of the bureau, with the next key.
		keys, err := eventkeys.OpenOwn("", b.Config.Keys.Register, "declaration", eventkeys.Terms{Alg: alg}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		b.Other("declaration").Sign(keys)
		n += b.road(fmt.Sprintf("p-%d", 2+i))
		b.await(n)
	}
	b.wantSound(n)
	var used int
	if err := b.DB.Superuser(t).QueryRow(t.Context(), "SELECT count(DISTINCT key_id) FROM ledger_voucher WHERE source = 'declaration'").Scan(&used); err != nil || used != 3 {
		t.Errorf("%d keys of one bureau, %v", used, err)
	}
}
