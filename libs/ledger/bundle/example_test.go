package bundle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
)

// An auditor pins the ledger's keys once and checks every later export against
// them and against the export before.
func ExampleVerify() {
	check := func(pinned []byte, export, before *os.File) error {
		keys, err := checkpoint.ParseKeys(pinned)
		if err != nil {
			return err
		}
		trust, err := checkpoint.NewTrust(keys)
		if err != nil {
			return err
		}
		size := func(f *os.File) int64 { info, _ := f.Stat(); return info.Size() }
		earlier, err := bundle.OpenEarlier(before, size(before))
		if err != nil {
			return err
		}
		report, err := bundle.Verify(context.Background(), export, size(export),
			bundle.VerifyOptions{Trust: trust, Earlier: earlier})
		if err != nil {
			return err // not a bundle, or not readable
		}
		if !report.OK {
			fmt.Println(report.Finding)
		}
		return json.NewEncoder(os.Stdout).Encode(report)
	}
	_ = check
}
