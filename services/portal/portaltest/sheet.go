package portaltest

import (
	"bytes"
	"context"
	"io"

	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/sheet"
)

type sheetBody struct {
	AmountFen int64  `query:"amount_fen" json:"-"`
	Body      []byte `body:"raw" json:"-"`
}

type sheetReading struct {
	Pack string `json:"pack"`
	sheet.Result
}

// mountSheet carries budgets by the real sheet, in the terms of the pack in
// force.
func (d *Declaration) mountSheet(a *op.API, declarer op.Option) {
	write := func(b sheet.Budget) (op.File, error) {
		p, err := d.packs.ForDate("yangpu", calendar.Today(d.clock))
		if err != nil {
			return op.File{}, err
		}
		var out bytes.Buffer
		err = sheet.Write(&out, p, b)
		return op.File{Name: b.Title + "-预算明细表.xlsx", MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Body: io.NopCloser(&out)}, err
	}
	op.Handle(a, "GET /v1/budget-sheet", "GetBudgetSheet", "The blank budget sheet", func(context.Context, none) (op.File, error) {
		return write(sheet.Budget{})
	}, op.Public())
	op.Handle(a, "GET /v1/projects/{id}/budget-sheet", "GetProjectBudgetSheet", "The declared budget", func(ctx context.Context, r one) (op.File, error) {
		p, err := d.get(ctx, r.ID)
		if err != nil {
			return op.File{}, err
		}
		return write(sheet.Budget{Title: p.Title, DeclaredFen: p.Case.AmountFen, Lines: p.Case.Budget})
	})
	op.Handle(a, "POST /v1/budget-sheet", "ReadBudgetSheet", "Read a budget sheet", func(_ context.Context, r sheetBody) (sheetReading, error) {
		p, err := d.packs.ForDate("yangpu", calendar.Today(d.clock))
		if err != nil {
			return sheetReading{}, err
		}
		found, err := sheet.Read(bytes.NewReader(r.Body), p, r.AmountFen)
		return sheetReading{Pack: p.ID(), Result: found}, err
	}, declarer, op.MaxBody(sheet.MaxBytes))
}
