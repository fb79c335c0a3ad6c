// Package pgstore keeps the dataresource service's data in PostgreSQL.
package pgstore

import (
	"context"
	"embed"

	"github.com/jackc/pgx/v5"

	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/dataresource"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("dataresource", migrations, "migrations") }

// Needs is the repository of what projects owe.
func Needs(s *store.Store) *store.Collection[dataresource.Need, *dataresource.Need] {
	return store.NewCollection[dataresource.Need, *dataresource.Need](s, "need")
}

// Catalogues is the repository of catalogues.
func Catalogues(s *store.Store) *store.Collection[dataresource.Catalogue, *dataresource.Catalogue] {
	return store.NewCollection[dataresource.Catalogue, *dataresource.Catalogue](s, "catalogue", "state")
}

// Clouds is the repository of cloud requests.
func Clouds(s *store.Store) *store.Collection[dataresource.CloudRequest, *dataresource.CloudRequest] {
	return store.NewCollection[dataresource.CloudRequest, *dataresource.CloudRequest](s, "cloud_request", "state")
}

// Stewards is the repository of data stewards.
func Stewards(s *store.Store) *store.Collection[dataresource.Steward, *dataresource.Steward] {
	return store.NewCollection[dataresource.Steward, *dataresource.Steward](s, "steward")
}

// Sharings is the repository of sharing requests.
func Sharings(s *store.Store) *store.Collection[dataresource.Sharing, *dataresource.Sharing] {
	return store.NewCollection[dataresource.Sharing, *dataresource.Sharing](s, "sharing", "state", "provider")
}

// Standings is the repository of how units do their data work.
func Standings(s *store.Store) *store.Collection[dataresource.Standing, *dataresource.Standing] {
	return store.NewCollection[dataresource.Standing, *dataresource.Standing](s, "standing")
}

// Corrections is the repository of ordered corrections.
func Corrections(s *store.Store) *store.Collection[dataresource.Correction, *dataresource.Correction] {
	return store.NewCollection[dataresource.Correction, *dataresource.Correction](s, "correction", "state")
}

// Sources is the register of published items. Who provides an item is known to
// every unit: that is what the register is for.
type Sources struct{ Store *store.Store }

// Of finds other providers of the items.
func (r Sources) Of(ctx context.Context, unit string, keys []string) (map[string]dataresource.Source, error) {
	out := map[string]dataresource.Source{}
	err := r.Store.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var key string
			var from dataresource.Source
			if err := rows.Scan(&key, &from.Unit, &from.Catalogue); err != nil {
				return err
			}
			out[key] = from
		}
		return rows.Err()
	}, "SELECT item, unit, catalogue_id FROM item_source WHERE item = ANY($1) AND unit <> $2", keys, unit)
	return out, err
}

// Replace makes keys the items that the catalogue provides.
func (r Sources) Replace(ctx context.Context, catalogue, unit string, keys []string) error {
	if err := r.Store.Exec(ctx, "DELETE FROM item_source WHERE catalogue_id = $1 AND item <> ALL($2)", catalogue, keys); err != nil {
		return err
	}
	return r.Store.Exec(ctx, "INSERT INTO item_source (item, unit, catalogue_id) SELECT unnest($3::text[]), $2, $1 ON CONFLICT (item) DO NOTHING", catalogue, unit, keys)
}
