package declaration

import (
	"bytes"
	"context"
	"io"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/sheet"
)

// MaxSheetBytes bounds a budget sheet that is handed in.
const MaxSheetBytes = sheet.MaxBytes

// sheetMedia is the media type of a budget sheet.
const sheetMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// SheetFile is a budget sheet to be sent. Whoever gets it closes Body.
type SheetFile struct {
	Name      string
	MediaType string
	Body      io.ReadCloser
}

// BlankSheet asks for the empty form of the budget.
type BlankSheet struct {
	Pack string `query:"pack" json:"-"` // of this pack instead of the one in force today
}

// ReadSheet hands in a budget sheet; the body is the file.
type ReadSheet struct {
	Pack      string `query:"pack" json:"-"`       // in the terms of this pack instead of the one in force today
	AmountFen int64  `query:"amount_fen" json:"-"` // the declared total that the lines are held against; 0: the sheet's own
	Body      []byte `body:"raw" json:"-"`
}

// Validate wants a file, and a total that can be one.
func (r *ReadSheet) Validate() error {
	var c fault.Checks
	c.Require(len(r.Body) > 0, "body", "required", "文件为空", "the file is empty")
	c.Require(r.AmountFen >= 0, "amount_fen", "negative", "不得为负数", "must not be negative")
	return c.Err()
}

// SheetReading is what a budget sheet says, and what is wrong with it.
type SheetReading struct {
	Pack string `json:"pack"` // in whose terms it was read
	sheet.Result
}

// ProjectSheet asks for the declared budget of one project.
type ProjectSheet struct {
	ID string `path:"id" json:"-"`
}

// BlankSheet writes the empty form of the budget.
func (s *Service) BlankSheet(_ context.Context, r BlankSheet) (SheetFile, error) {
	p, err := s.sheetPack(r.Pack)
	if err != nil {
		return SheetFile{}, err
	}
	return sheetFile("预算明细表-"+p.ID(), p, sheet.Budget{})
}

// ReadSheet reads a budget sheet. Nothing is stored: the lines go into the
// declaration by the hand of whoever declares.
func (s *Service) ReadSheet(_ context.Context, r ReadSheet) (SheetReading, error) {
	p, err := s.sheetPack(r.Pack)
	if err != nil {
		return SheetReading{}, err
	}
	found, err := sheet.Read(bytes.NewReader(r.Body), p, r.AmountFen)
	return SheetReading{Pack: p.ID(), Result: found}, err
}

// ProjectSheet writes the declared budget of a project the caller may see, in
// the terms of the pack it is pinned to; before its submission, of the pack in
// force.
func (s *Service) ProjectSheet(ctx context.Context, r ProjectSheet) (SheetFile, error) {
	project, err := s.Projects.Get(ctx, r.ID)
	if err != nil {
		return SheetFile{}, err
	}
	pinned := ""
	if project.Decision != nil {
		pinned = project.Decision.Pack
	}
	p, err := s.sheetPack(pinned)
	if err != nil {
		return SheetFile{}, err
	}
	return sheetFile(project.Title+"-预算明细表", p, sheet.Budget{
		Title: project.Title, DeclaredFen: project.Case.AmountFen, Lines: project.Case.Budget,
	})
}

// sheetPack is the pack of that id; without one, the pack in force today.
func (s *Service) sheetPack(id string) (*policy.Pack, error) {
	if id != "" {
		return s.Rules.Packs.ByID(id)
	}
	return s.Rules.Packs.ForDate(s.District, calendar.Today(s.Clock))
}

func sheetFile(name string, p *policy.Pack, b sheet.Budget) (SheetFile, error) {
	var out bytes.Buffer
	if err := sheet.Write(&out, p, b); err != nil {
		return SheetFile{}, err
	}
	return SheetFile{Name: name + ".xlsx", MediaType: sheetMedia, Body: io.NopCloser(&out)}, nil
}
