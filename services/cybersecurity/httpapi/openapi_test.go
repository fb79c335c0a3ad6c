package httpapi_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"egov/services/cybersecurity"
)

// What the API description offers is what the service takes.
func TestOfferedWordsAreTheKnownOnes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of    any
		field string
		known []string
	}{
		{cybersecurity.Description{}, "Network", cybersecurity.Networks},
		{cybersecurity.Description{}, "Deployment", cybersecurity.Deployments},
		{cybersecurity.Description{}, "DataLevel", cybersecurity.DataLevels},
		{cybersecurity.OpenSite{}, "Channel", cybersecurity.Platforms},
		{cybersecurity.Channel{}, "Platform", cybersecurity.Platforms},
		{cybersecurity.RecordSecurityStep{}, "Step", cybersecurity.Steps},
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
