package module_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/auditexport"
)

// outsider checks rows over the API and believes nothing but the ledger's keys
// and what it has seen itself.
type outsider struct {
	b     *bureau
	trust *checkpoint.Trust
	seen  checkpoint.Signed // the newest checkpoint that held
}

// errAlarm is what an outsider says of a ledger that is not what was signed.
var errAlarm = errors.New("alarm")

func alarm(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errAlarm}, args...)...)
}

// get asks for something that a sound ledger answers.
func (o *outsider) get(path string, into any) error {
	a := o.b.auditor.Get(path)
	if a.Status != http.StatusOK {
		return alarm("%s: status %d", path, a.Status)
	}
	return json.Unmarshal(a.Body, into)
}

// proof asks for a proof, and opens the checkpoint that it is held to.
func (o *outsider) proof(query string) (p auditexport.Proof, under checkpoint.Signed, path []ledger.Hash, err error) {
	if err = o.get("/v1/ledger/proof?"+query, &p); err != nil {
		return p, under, nil, err
	}
	if under, err = o.trust.OpenUnwitnessed([]byte(p.Checkpoint)); err != nil {
		return p, under, nil, alarm("%s: %v", query, err)
	}
	for _, text := range p.Hashes {
		h, ok := ledger.ParseHash(text)
		if !ok {
			return p, under, nil, alarm("%s: hash %q", query, text)
		}
		path = append(path, h)
	}
	return p, under, path, nil
}

// included is the chain value of a row that its checkpoint proves.
func (o *outsider) included(seq uint64) (ledger.Hash, error) {
	p, under, path, err := o.proof(fmt.Sprintf("seq=%d", seq))
	if err != nil {
		return ledger.Hash{}, err
	}
	leaf, _ := ledger.ParseHash(p.Leaf)
	if err := ledger.VerifyInclusion(seq, under.Size, leaf, path, under.Root); err != nil {
		return leaf, alarm("row %d of %d: %v", seq, under.Size, err)
	}
	if ledger.VerifyInclusion(seq, under.Size, ledger.Sum256(leaf[:]), path, under.Root) == nil {
		return leaf, fmt.Errorf("row %d of %d: any row passes", seq, under.Size)
	}
	return leaf, nil
}

// continues checks that the ledger goes on from what was seen.
func (o *outsider) continues() error {
	if o.seen.Size > 0 {
		_, under, path, err := o.proof(fmt.Sprintf("consistent_from=%d", o.seen.Size))
		if err != nil {
			return err
		}
		if err := ledger.VerifyConsistency(o.seen.Size, o.seen.Root, under.Size, under.Root, path); err != nil {
			return alarm("from %d to %d: %v", o.seen.Size, under.Size, err)
		}
		if ledger.VerifyConsistency(o.seen.Size, ledger.Sum256(o.seen.Root[:]), under.Size, under.Root, path) == nil {
			return fmt.Errorf("from %d to %d: any past passes", o.seen.Size, under.Size)
		}
		o.seen = under
		return nil
	}
	_, under, _, err := o.proof("seq=1")
	o.seen = under
	return err
}

// look checks that the ledger continues what was seen, and one row from its bytes
// up: its hashes, its link to the row before, and that both are in the signed tree.
func (o *outsider) look(seq uint64) error {
	if err := o.continues(); err != nil {
		return err
	}
	before, err := o.included(seq - 1)
	if err != nil {
		return err
	}
	leaf, err := o.included(seq)
	if err != nil {
		return err
	}
	var rows auditexport.Rows
	if err := o.get(fmt.Sprintf("/v1/ledger?after_seq=%d&up_to_seq=%d", seq-1, seq), &rows); err != nil {
		return err
	}
	if len(rows.Items) != 1 || rows.Items[0].Seq != int64(seq) {
		return alarm("row %d is not shown", seq)
	}
	raw := []byte(rows.Items[0].Raw)
	if ledger.Link(before, seq, ledger.Sum256(raw), ledger.SumSM3(raw)) != leaf {
		return alarm("row %d is not the event that was linked", seq)
	}
	return nil
}

// TestNoReaderIsDeceivedWhileWritersRun has outsiders check rows and checkpoints
// over the API while facts come in as fast as the ledger takes them. As long as
// nobody meddles with the database, nobody raises an alarm. Whatever is meddled
// with then is found by everyone who looks, each time; and when it is put back,
// all is well again.
func TestNoReaderIsDeceivedWhileWritersRun(t *testing.T) {
	t.Parallel()
	const readers, looks, tile = 3, 12, 256
	b := start(t)
	super := b.DB.Superuser(t)
	var stated atomic.Int64
	stop := make(chan struct{})
	var writing sync.WaitGroup
	defer writing.Wait()
	defer close(stop)
	for _, name := range []string{"declaration", "conference"} {
		other := b.Other(name)
		writing.Go(func() {
			const batch, ahead = 100, 1000
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				facts := make([]proto.Message, batch)
				for i := range facts {
					facts[i] = &declarationv1.ProjectWithdrawn{Reason: name + " " + strconv.Itoa(n*batch+i)}
				}
				other.State("p-"+strconv.Itoa(n%7), "education", facts...)
				total := stated.Add(batch) // some always wait for the ledger, and no more than that
				b.Await("the ledger follows", func() bool {
					var size int64
					return super.QueryRow(t.Context(), "SELECT coalesce(max(size), 0) FROM ledger_head").Scan(&size) != nil || size+ahead >= total
				})
			}
		})
	}
	const held = 2*tile + 44 // a row with complete subtrees beside it
	b.await(3 * tile)
	// What searches know of a row is written down when they first see it: seen while
	// it is edited, it would still be found misfiled when it is put back.
	if seen := b.query(url.Values{"unit": {"education"}}).IndexedTo; seen < 3*tile {
		t.Fatalf("searches know of %d rows", seen)
	}
	b.export(map[string]any{}) // signs
	trust := b.trust()
	outsiders := make([]*outsider, readers)
	for i := range outsiders {
		outsiders[i] = &outsider{b: b, trust: trust}
	}
	// each has every outsider look n times, at the row that it draws.
	each := func(n int, row func(o *outsider, k int) uint64, judge func(error) error) {
		t.Helper()
		var reading sync.WaitGroup
		for i, o := range outsiders {
			reading.Go(func() {
				for k := range n {
					seq := row(o, k)
					if err := judge(o.look(seq)); err != nil {
						t.Errorf("outsider %d, row %d: %v", i, seq, err)
						return
					}
				}
			})
		}
		reading.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	quiet := func(err error) error { return err }
	found := func(err error) error {
		if err == nil {
			return errors.New("nothing was found")
		}
		if !errors.Is(err, errAlarm) {
			return err
		}
		return nil
	}
	anywhere := func(o *outsider, k int) uint64 {
		return 2 + uint64(k)*0x9e3779b97f4a7c15>>33%max(o.seen.Size-1, 1)%(3*tile)
	}
	target := func(*outsider, int) uint64 { return held }
	elsewhere := func(_ *outsider, k int) uint64 { return held + 100 + uint64(k) }
	first := b.standing().Rows
	each(looks, anywhere, quiet)
	b.await(first + 1) // somebody wrote
	for _, plant := range []struct {
		name, do, undo string
		narrow         bool // other rows hold
	}{
		{
			"an event is edited", "UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'education', 'educatiom'), 'UTF8') WHERE seq = %d",
			"UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'educatiom', 'education'), 'UTF8') WHERE seq = %d", true,
		},
		{
			"a chain value is edited", "UPDATE ledger_row SET chain = sha256(chain) WHERE seq = %d",
			"UPDATE ledger_row SET chain = sha256('\\x00' || (SELECT p.chain FROM ledger_row p WHERE p.seq = ledger_row.seq - 1) || int8send(seq) || sha256 || sm3) WHERE seq = %d", false,
		},
		{
			"two events change places", swapSQL, swapSQL, true,
		},
		{
			"a node of the tree is edited", "UPDATE ledger_node SET hash = overlay(hash PLACING '\\x00' FROM 1) WHERE level = 8 AND idx = 0 AND get_byte(hash, 0) <> 0 AND %d > 0",
			"UPDATE ledger_node n SET hash = k.hash FROM kept_node k WHERE n.level = 8 AND n.idx = 0 AND %d > 0", false,
		},
		{
			"a row is removed", "DELETE FROM ledger_row WHERE seq = %d", "INSERT INTO ledger_row SELECT * FROM kept_row WHERE seq = %d", false,
		},
	} {
		execute(t, super, "DROP TABLE IF EXISTS kept_row, kept_node",
			fmt.Sprintf("CREATE TABLE kept_row AS SELECT * FROM ledger_row WHERE seq = %d", held), "CREATE TABLE kept_node AS SELECT * FROM ledger_node WHERE level = 8 AND idx = 0")
		execute(t, super, fmt.Sprintf(plant.do, held))
		before := b.standing().Rows
		each(2, target, found)
		b.await(before + 1) // whatever is wrong with old rows, new ones come
		each(2, target, found)
		if plant.narrow {
			each(3, elsewhere, quiet)
		}
		execute(t, super, fmt.Sprintf(plant.undo, held))
		each(3, target, quiet)
		t.Logf("%s: found, and put back, between row %d and row %d", plant.name, before, b.standing().Rows)
	}
	b.wantSound(int64(3 * tile))
}

// swapSQL exchanges a row's event with that of the row behind it.
const swapSQL = `UPDATE ledger_row r SET raw = o.raw, sha256 = o.sha256, sm3 = o.sm3 FROM ledger_row o
	WHERE r.seq IN (%[1]d, %[1]d + 1) AND o.seq IN (%[1]d, %[1]d + 1) AND o.seq <> r.seq`
