package event

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"pgregory.net/rapid"

	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
)

// facts are the contracts whose every message is tried.
var facts = []protoreflect.FileDescriptor{
	budgetingv1.File_egov_budgeting_v1_events_proto, conferencev1.File_egov_conference_v1_events_proto,
	cybersecurityv1.File_egov_cybersecurity_v1_events_proto, declarationv1.File_egov_declaration_v1_events_proto,
	expertreviewv1.File_egov_expertreview_v1_events_proto, procurementv1.File_egov_procurement_v1_events_proto,
}

// slow is what protojson gives, without its spaces.
func slow(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := encoding.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return compact(b)
}

func TestFactsAreWrittenAsProtojsonWritesThem(t *testing.T) {
	t.Parallel()
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
					m := typ.New()
					fill(r, m, 0)
					got, can, err := appendMessage(nil, m.Interface())
					if !can || err != nil {
						t.Fatalf("not written: %v", err)
					}
					if want := slow(t, m.Interface()); !bytes.Equal(got, want) {
						t.Fatalf("got  %s\nwant %s", got, want)
					}
				})
			})
		}
	}
}

// fill sets some of a message's fields.
func fill(r *rapid.T, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !rapid.Bool().Draw(r, "set") {
			continue
		}
		if !f.IsList() {
			m.Set(f, draw(r, f, m.NewField(f), depth))
			continue
		}
		list := m.Mutable(f).List()
		for range rapid.IntRange(0, 3).Draw(r, "length") {
			list.Append(draw(r, f, list.NewElement(), depth))
		}
	}
}

func draw(r *rapid.T, f protoreflect.FieldDescriptor, zero protoreflect.Value, depth int) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.MessageKind:
		fill(r, zero.Message(), depth+1)
		return zero
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(strings.ToValidUTF8(rapid.String().Draw(r, "text"), "?"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(r, "truth"))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(r, "number"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(r, "number"))
	}
	r.Fatalf("facts have fields of kind %s now: try them too", f.Kind())
	return zero
}

// TestMessagesOfOtherKindsAreLeftToProtojson: it knows forms that are not those
// of their fields.
func TestMessagesOfOtherKindsAreLeftToProtojson(t *testing.T) {
	t.Parallel()
	for _, m := range []proto.Message{timestamppb.Now(), wrapperspb.Bytes([]byte("x")), (*declarationv1.ProjectDrafted)(nil)} {
		if _, can, _ := appendMessage(nil, m); can {
			t.Errorf("%T is written here", m)
		}
	}
	if _, data, err := FromProto(wrapperspb.Int64(3)); err != nil || string(data) != `"3"` {
		t.Errorf("%s %v", data, err)
	}
}

func TestTextThatIsNotUTF8IsNoFact(t *testing.T) {
	t.Parallel()
	if _, _, err := FromProto(&declarationv1.ProjectDrafted{Title: "\xff"}); err == nil {
		t.Error("it is written")
	}
}

// FuzzTextsAreWrittenAsProtojsonWritesThem looks for texts with other escapes.
func FuzzTextsAreWrittenAsProtojsonWritesThem(f *testing.F) {
	for _, s := range []string{"", "智慧机关", "a\"b\\c/d", "\x00\x1f\x7f\b\f\n\r\t", "\u2028<>&", "\xff", "1234567\"", "12345678\"智慧机关\x01\x02"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := &declarationv1.ProjectDrafted{Title: s}
		want, bad := encoding.Marshal(m)
		got, _, err := appendMessage(nil, m)
		if (err != nil) != (bad != nil) {
			t.Fatalf("%v, protojson %v", err, bad)
		}
		if err == nil && !bytes.Equal(got, compact(want)) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func BenchmarkFromProto(b *testing.B) {
	m := &declarationv1.ProjectSubmitted{DecisionJson: strings.Repeat(`{"item":"basis"}`, 80)}
	for range 100 {
		m.Trace = append(m.Trace, "-note/overlap_500w")
	}
	for _, way := range []struct {
		name string
		run  func() error
	}{
		{"ours", func() error { _, _, err := FromProto(m); return err }},
		{"protojson", func() error { b, err := encoding.Marshal(m); compact(b); return err }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
