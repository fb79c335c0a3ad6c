package aggregate_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/fault"
)

type thing struct{ aggregate.Root }

// shelf answers with pages and errors as told.
type shelf struct {
	aggregate.Repository[thing]
	pages  map[string]aggregate.Page[thing] // by token
	update error
}

func (s shelf) List(_ context.Context, q aggregate.Query) (aggregate.Page[thing], error) {
	p, ok := s.pages[q.PageToken]
	if !ok || q.Filter["unit"] != "education" {
		return p, io.ErrUnexpectedEOF
	}
	return p, nil
}

func (s shelf) Update(context.Context, string, aggregate.Change[thing]) (thing, error) {
	return thing{}, s.update
}

func TestEverythingIsAllPages(t *testing.T) {
	t.Parallel()
	page := func(next string, ids ...string) aggregate.Page[thing] {
		p := aggregate.Page[thing]{NextPageToken: next}
		for _, id := range ids {
			p.Items = append(p.Items, thing{aggregate.Root{ID: id}})
		}
		return p
	}
	of := map[string]string{"unit": "education"}
	for _, c := range []struct {
		name  string
		pages map[string]aggregate.Page[thing]
		want  []string
		err   error
	}{
		{"None", map[string]aggregate.Page[thing]{"": page("")}, nil, nil},
		{"One", map[string]aggregate.Page[thing]{"": page("", "1", "2")}, []string{"1", "2"}, nil},
		{"Three", map[string]aggregate.Page[thing]{"": page("a", "1"), "a": page("b", "2"), "b": page("", "3")}, []string{"1", "2", "3"}, nil},
		{"BreaksOff", map[string]aggregate.Page[thing]{"": page("a", "1")}, nil, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all, err := aggregate.Everything[thing](t.Context(), shelf{pages: c.pages}, of)
			var got []string
			for _, x := range all {
				got = append(got, x.ID)
			}
			if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}

func TestFollowingPassesOverWhatIsNotKept(t *testing.T) {
	t.Parallel()
	gone := fault.New(fault.NotFound, "not_found", "没有", "none")
	for _, c := range []struct {
		name         string
		update, want error
	}{
		{"Kept", nil, nil},
		{"NotKept", gone, nil},
		{"Broken", io.EOF, io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := aggregate.Follow[thing](t.Context(), shelf{update: c.update}, "p1", nil); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
