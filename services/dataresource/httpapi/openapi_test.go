package httpapi_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"egov/services/dataresource"
)

// What the API description offers is what the service takes.
func TestOfferedWordsAreTheKnownOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of    any
		field string
		known []string
	}{
		{dataresource.OpenSharing{}, "Way", dataresource.Ways},
		{dataresource.AppraiseUnit{}, "Result", dataresource.Results},
	} {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			f, ok := reflect.TypeOf(tt.of).FieldByName(tt.field)
			if offered := strings.Split(f.Tag.Get("enum"), ","); !ok || !slices.Equal(offered, tt.known) {
				t.Errorf("%q, but %q is known", offered, tt.known)
			}
		})
	}
}
