package event

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"pgregory.net/rapid"

	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// TestFactsOfALaterReleaseAreRead: a consumer of the release before reads every
// fact that a later one states with more fields, and has of it what it knows.
func TestFactsOfALaterReleaseAreRead(t *testing.T) {
	t.Parallel()
	const more = `,"later_text":"x","later_number":7,"later_list":[{"a":null},true],"later_fact":{"later_text":{}}}`
	for _, f := range facts {
		for i := range f.Messages().Len() {
			d := f.Messages().Get(i)
			typ, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
			if err != nil {
				t.Fatal(err)
			}
			t.Run(string(d.FullName()), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(r *rapid.T) {
					stated := typ.New()
					fill(r, stated, 0)
					name, data, err := FromProto(stated.Interface())
					if err != nil {
						t.Fatal(err)
					}
					later := append(data[:len(data)-1:len(data)-1], more...)
					if len(data) == len("{}") {
						later = append([]byte("{"), more[1:]...)
					}
					read := typ.New().Interface()
					if err := Decode(Record{Type: name, Data: later}, read); err != nil {
						t.Fatal(err)
					}
					if !proto.Equal(read, stated.Interface()) {
						t.Fatalf("read %v of %s", read, later)
					}
				})
			})
		}
	}
}

// TestFactsOfAnotherFormAreNotRead: what a later release may not do, shows.
func TestFactsOfAnotherFormAreNotRead(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]Record{
		"another type of fact":  {Type: "egov.declaration.v1.ProjectDreamt", Data: []byte(`{}`)},
		"another type of field": {Type: "egov.declaration.v1.ProjectDrafted", Data: []byte(`{"title":{}}`)},
		"no fact":               {Type: "egov.declaration.v1.ProjectDrafted", Data: []byte(`[]`)},
	} {
		if err := Decode(e, &declarationv1.ProjectDrafted{}); !errors.Is(err, ErrUndecodable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
