package pgstore

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/store"
	"egov/services/dataresource"
)

// Index is what is published, item by item. What exists is known to every unit:
// that is what the index is for.
type Index struct{ Store *store.Store }

// columns are those of dataresource.Listed, in its order.
const columns = "catalogue_id, unit, system, base_register, resource, table_name, field, type, share_class, legal_basis, frequency, sensitivity"

// Replace makes the catalogue's items what the index shows of it.
func (x Index) Replace(ctx context.Context, c *dataresource.Catalogue) error {
	if err := x.Store.Exec(ctx, "DELETE FROM listed_item WHERE catalogue_id = $1", c.ID); err != nil {
		return err
	}
	rows, err := json.Marshal(c.Listing())
	if err != nil {
		return err
	}
	return x.Store.Exec(ctx, `INSERT INTO listed_item (position, `+columns+`)
		SELECT n, i->>'catalogue_id', i->>'unit', i->>'system', coalesce(i->>'base_register', ''), i->>'resource', i->>'table', i->>'field', i->>'type',
		       i->>'share_class', coalesce(i->>'legal_basis', ''), i->>'frequency', coalesce(i->>'sensitivity', '')
		  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t(i, n)`, string(rows))
}

// Of lists the items of one published catalogue, in its order.
func (x Index) Of(ctx context.Context, catalogue string) (list []dataresource.Listed, err error) {
	err = x.Store.Read(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[dataresource.Listed])
		return err
	}, "SELECT "+columns+" FROM listed_item WHERE catalogue_id = $1 ORDER BY position", catalogue)
	return list, err
}

var errToken = fault.New(fault.Invalid, "bad_page_token", "分页标记无效", "the page token is not one of this list")

// place is where a page of the index ends.
type place struct {
	Plain     bool   `json:"b"` // not a base register: those come first
	Catalogue string `json:"c"`
	Position  int64  `json:"p"`
}

func (p place) token() string {
	b, _ := json.Marshal(p) // a struct of plain fields
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePlace(token string) (p place, err error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &p) != nil {
		return p, errToken
	}
	return p, nil
}

// Find reads one page, base registers first (XA18-21).
func (x Index) Find(ctx context.Context, q dataresource.Search) (aggregate.Page[dataresource.Listed], error) {
	page := aggregate.Page[dataresource.Listed]{Items: []dataresource.Listed{}}
	size := q.PageSize
	if size == 0 {
		size = 50
	}
	var c fault.Checks
	c.Require(size >= 1 && size <= 200, "page_size", "out_of_range", "每页1到200条", "1 to 200 a page")
	if err := c.Err(); err != nil {
		return page, err
	}
	var after place
	if q.PageToken != "" {
		var err error
		if after, err = parsePlace(q.PageToken); err != nil {
			return page, err
		}
	}
	var ends []place
	err := x.Store.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var l dataresource.Listed
			var at place
			if err := rows.Scan(&at.Plain, &at.Position, &l.CatalogueID, &l.Unit, &l.System, &l.BaseRegister, &l.Resource, &l.Table, &l.Field,
				&l.Type, &l.ShareClass, &l.LegalBasis, &l.Frequency, &l.Sensitivity); err != nil {
				return err
			}
			at.Catalogue = l.CatalogueID
			page.Items, ends = append(page.Items, l), append(ends, at)
		}
		return rows.Err()
	}, `SELECT base_register = '' AS plain, position, `+columns+`
	      FROM listed_item
	     WHERE ($1 = '' OR unit = $1) AND ($2 = '' OR share_class = $2)
	       AND ($3 = '' OR strpos(resource, $3) > 0 OR strpos(field, $3) > 0 OR strpos(system, $3) > 0)
	       AND ($4 OR (base_register = '', catalogue_id, position) > ($5::boolean, $6::text, $7::bigint))
	     ORDER BY 1, catalogue_id, position LIMIT $8`,
		q.Unit, q.ShareClass, q.Text, q.PageToken == "", after.Plain, after.Catalogue, after.Position, size+1)
	if err != nil {
		return page, err
	}
	if len(page.Items) > size {
		page.Items = page.Items[:size]
		page.NextPageToken = ends[size-1].token()
	}
	return page, nil
}
