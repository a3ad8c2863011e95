package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"yunwei/apperr"
	"yunwei/asset"
)

// assetChunk is how many assets one statement names.
const assetChunk = 200

// selectAssetLinks reads where some assets stand; in one order, so that two who lock them do not wait for each other.
const selectAssetLinks = "SELECT number_key, parent_key, revision FROM assets WHERE number_key IN (?) ORDER BY number_key"

type assetRow struct {
	Key       string `db:"number_key"`
	Suggested int    `db:"suggested"`
	Kind      string `db:"kind"`
	State     string `db:"state"`
	Owner     string `db:"owner"`
	System    string `db:"system_name"`
	Vendor    string `db:"vendor"`
	Model     string `db:"model"`
	Parent    string `db:"parent_key"`
	Address   string `db:"address"`
	Ends      string `db:"ends"`
	Revision  int    `db:"revision"`
	UpdatedAt int64  `db:"updated_at"`
	Body      []byte `db:"body"`
	Doc       string `db:"doc"`
}

type assetChangeRow struct {
	Key      string `db:"number_key"`
	Revision int    `db:"revision"`
	By       string `db:"made_by"`
	Name     string `db:"made_name"`
	At       int64  `db:"made_at"`
	Doc      string `db:"doc"`
}

type assetLink struct {
	Key      string `db:"number_key"`
	Parent   string `db:"parent_key"`
	Revision int    `db:"revision"`
}

// suggestedForm is that of the numbers that the register makes up.
var suggestedForm = regexp.MustCompile(`^a-(\d{6,9})$`)

func suggestedOf(key string) int {
	m := suggestedForm.FindStringSubmatch(key)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // nine digits at most
	return n
}

func assetRowOf(a asset.Asset) (assetRow, error) {
	doc, err := json.Marshal(a)
	if err != nil {
		return assetRow{}, fmt.Errorf("write asset %s: %w", a.Number, err)
	}
	fields := []string{a.Number, a.Name, a.Vendor, a.Model, a.Serial, a.Location, a.Owner, a.System, a.Address}
	for i := range fields {
		fields[i] = fold(fields[i])
	}
	key := asset.Key(a.Number)
	return assetRow{
		Key: key, Suggested: suggestedOf(key), Kind: string(a.Kind), State: string(a.State), Owner: a.Owner, System: a.System, Vendor: a.Vendor, Model: a.Model,
		Parent: asset.Key(a.Parent), Address: strings.ToLower(a.Address), Ends: string(a.Ends()), Revision: a.Revision, UpdatedAt: micros(a.UpdatedAt),
		Body: []byte(strings.Join(fields, string(fieldEnd))), Doc: string(doc),
	}, nil
}

// AssetSave is an asset as it is to be, and the entry of its history that makes it so: revision 1 adds it, any other follows
// the one before.
type AssetSave struct {
	Asset  asset.Asset
	Change asset.Change
}

// SaveAssets adds and changes assets, all of them or none. ErrConflict when a number is taken, or when somebody else made a
// revision first; ErrParent when one would be a part of itself or of what is not there.
func (s *Store) SaveAssets(ctx context.Context, saves []AssetSave) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	rows, changes := make([]assetRow, len(saves)), make([]assetChangeRow, len(saves))
	revised := map[string]int{} // the revision that is to be there, by key
	for i, one := range saves {
		var err error
		if rows[i], err = assetRowOf(one.Asset); err != nil {
			return err
		}
		doc, err := json.Marshal(one.Change.Fields)
		if err != nil {
			return fmt.Errorf("write a change of asset %s: %w", one.Asset.Number, err)
		}
		changes[i] = assetChangeRow{Key: rows[i].Key, Revision: one.Asset.Revision, By: one.Change.By, Name: one.Change.Name, At: micros(one.Change.At), Doc: string(doc)}
		if one.Asset.Revision > 1 {
			revised[rows[i].Key] = one.Asset.Revision - 1
		}
	}
	err := s.inTx(ctx, func(tx *sqlx.Tx) error {
		if err := s.takeAssets(ctx, tx, revised); err != nil {
			return err
		}
		if err := putAssets(ctx, tx, rows, changes); err != nil {
			return err
		}
		return s.checkParents(ctx, tx, saves)
	})
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("save %d assets: %w", len(saves), err)
	}
	return nil
}

// takeAssets removes the rows that are written anew, if they are as their authors saw them.
func (s *Store) takeAssets(ctx context.Context, tx *sqlx.Tx, revised map[string]int) error {
	keys := slices.Sorted(maps.Keys(revised))
	links, err := assetLinks(ctx, tx, s.engine.statements.lockAssets, keys)
	if err != nil {
		return err
	}
	for key, revision := range revised {
		if links[key].Revision != revision {
			return ErrConflict
		}
	}
	for chunk := range slices.Chunk(keys, assetChunk) {
		statement, args, err := sqlx.In("DELETE FROM assets WHERE number_key IN (?)", chunk)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

func putAssets(ctx context.Context, tx *sqlx.Tx, rows []assetRow, changes []assetChangeRow) error {
	for chunk := range slices.Chunk(rows, assetChunk) {
		if _, err := tx.NamedExecContext(ctx, `INSERT INTO assets (number_key, suggested, kind, state, owner, system_name, vendor, model, parent_key, address, ends, revision, updated_at, body, doc)
VALUES (:number_key, :suggested, :kind, :state, :owner, :system_name, :vendor, :model, :parent_key, :address, :ends, :revision, :updated_at, :body, :doc)`, chunk); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(changes, assetChunk) {
		if _, err := tx.NamedExecContext(ctx, `INSERT INTO asset_changes (number_key, revision, made_by, made_name, made_at, doc)
VALUES (:number_key, :revision, :made_by, :made_name, :made_at, :doc)`, chunk); err != nil {
			return err
		}
	}
	return nil
}

// checkParents looks once more, with everything above locked: who checked before may have been overtaken.
func (s *Store) checkParents(ctx context.Context, tx *sqlx.Tx, saves []AssetSave) error {
	var parents []string
	for _, one := range saves {
		parents = append(parents, asset.Key(one.Asset.Parent))
	}
	above, err := lineage(ctx, tx, s.engine.statements.lockAssets, parents)
	if err != nil {
		return err
	}
	for _, one := range saves {
		var wrong apperr.Fields
		one.Asset.CheckParent(above, &wrong)
		if len(wrong) > 0 {
			return ErrParent
		}
	}
	return nil
}

// AssetParents returns, by key, the parent's key of the given assets and of all that is above them.
func (s *Store) AssetParents(ctx context.Context, keys []string) (map[string]string, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	above, err := lineage(ctx, s.read, selectAssetLinks, keys)
	if err != nil {
		return nil, fmt.Errorf("what is above some assets: %w", err)
	}
	return above, nil
}

// lineage follows parents upward, a level at a time, as far as a tree may go.
func lineage(ctx context.Context, q sqlx.QueryerContext, statement string, keys []string) (map[string]string, error) {
	above := map[string]string{}
	for level := 0; len(keys) > 0 && level <= asset.MaxDepth; level++ {
		slices.Sort(keys)
		links, err := assetLinks(ctx, q, statement, slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == "" }))
		if err != nil {
			return nil, err
		}
		keys = nil
		for _, l := range links {
			above[l.Key] = l.Parent
			keys = append(keys, l.Parent)
		}
		keys = slices.DeleteFunc(keys, func(k string) bool { _, seen := above[k]; return seen })
	}
	return above, nil
}

func assetLinks(ctx context.Context, q sqlx.QueryerContext, statement string, keys []string) (map[string]assetLink, error) {
	out := map[string]assetLink{}
	for chunk := range slices.Chunk(keys, assetChunk) {
		in, args, err := sqlx.In(statement, chunk)
		if err != nil {
			return nil, err
		}
		var rows []assetLink
		if err := sqlx.SelectContext(ctx, q, &rows, in, args...); err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.Key] = r
		}
	}
	return out, nil
}

// Asset returns an asset by its number, however it is capitalised; ErrNotFound.
func (s *Store) Asset(ctx context.Context, number string) (asset.Asset, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var doc string
	err := s.read.GetContext(ctx, &doc, "SELECT doc FROM assets WHERE number_key = ?", asset.Key(number))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return asset.Asset{}, fmt.Errorf("asset %q: %w", number, err)
	}
	return readAsset(doc)
}

// AssetsByKey returns those of some assets that there are, by their keys.
func (s *Store) AssetsByKey(ctx context.Context, keys []string) (map[string]asset.Asset, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	out := map[string]asset.Asset{}
	for chunk := range slices.Chunk(keys, assetChunk) {
		statement, args, err := sqlx.In("SELECT doc FROM assets WHERE number_key IN (?)", chunk)
		if err != nil {
			return nil, fmt.Errorf("assets by number: %w", err)
		}
		found, err := s.selectAssets(ctx, statement, args...)
		if err != nil {
			return nil, fmt.Errorf("assets by number: %w", err)
		}
		for _, a := range found {
			out[asset.Key(a.Number)] = a
		}
	}
	return out, nil
}

// Assets returns a page of the assets that a query asks for on a day, by number, and how many there are.
func (s *Store) Assets(ctx context.Context, q asset.Query, today asset.Date) (asset.List, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	where, args := assetFilter(q, today)
	var list asset.List
	if err := s.read.GetContext(ctx, &list.Total, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM assets WHERE "+where+" LIMIT ?) counted", append(slices.Clone(args), asset.MaxTotal+1)...); err != nil {
		return asset.List{}, fmt.Errorf("count assets: %w", err)
	}
	items, err := s.selectAssets(ctx, "SELECT doc FROM assets WHERE "+where+" AND number_key > ? ORDER BY number_key LIMIT ?", append(args, asset.Key(q.After), q.PageSize+1)...)
	if err != nil {
		return asset.List{}, fmt.Errorf("list assets: %w", err)
	}
	if len(items) > q.PageSize {
		items = items[:q.PageSize]
		list.Next = items[q.PageSize-1].Number
	}
	list.Items = items
	return list, nil
}

// assetFilter returns a query as SQL. Text is looked for row by row: a register has some ten thousand assets, not millions.
func assetFilter(q asset.Query, today asset.Date) (string, []any) {
	where, args := []string{"1 = 1"}, []any(nil)
	for _, f := range []struct{ column, value string }{
		{"kind", string(q.Kind)}, {"state", string(q.State)}, {"owner", q.Owner}, {"system_name", q.System}, {"vendor", q.Vendor}, {"model", q.Model}, {"parent_key", asset.Key(q.Parent)},
	} {
		if f.value != "" {
			where, args = append(where, f.column+" = ?"), append(args, f.value)
		}
	}
	switch q.Warranty {
	case asset.UnknownWarranty:
		where = append(where, "ends = ''")
	case asset.InWarranty:
		where, args = append(where, "ends >= ?"), append(args, string(today))
	case asset.OutOfWarranty:
		where, args = append(where, "ends <> '' AND ends < ?"), append(args, string(today))
	}
	if text := fold(q.Text); text != "" {
		where, args = append(where, "INSTR(body, ?) > 0"), append(args, []byte(text))
	}
	return strings.Join(where, " AND "), args
}

func (s *Store) selectAssets(ctx context.Context, statement string, args ...any) ([]asset.Asset, error) {
	var docs []string
	if err := s.read.SelectContext(ctx, &docs, statement, args...); err != nil {
		return nil, err
	}
	out := make([]asset.Asset, len(docs))
	for i, doc := range docs {
		var err error
		if out[i], err = readAsset(doc); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readAsset(doc string) (asset.Asset, error) {
	var a asset.Asset
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return a, fmt.Errorf("%w: an asset: %w", ErrDamaged, err)
	}
	return a, nil
}

// AssetHistory returns the changes of an asset before a revision, the latest first, at most limit of them.
func (s *Store) AssetHistory(ctx context.Context, number string, before, limit int) ([]asset.Change, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []assetChangeRow
	if err := s.read.SelectContext(ctx, &rows, `SELECT number_key, revision, made_by, made_name, made_at, doc FROM asset_changes
WHERE number_key = ? AND revision < ? ORDER BY revision DESC LIMIT ?`, asset.Key(number), before, limit); err != nil {
		return nil, fmt.Errorf("history of asset %q: %w", number, err)
	}
	out := make([]asset.Change, len(rows))
	for i, r := range rows {
		out[i] = asset.Change{Revision: r.Revision, At: fromMicros(r.At), By: r.By, Name: r.Name}
		if err := json.Unmarshal([]byte(r.Doc), &out[i].Fields); err != nil {
			return nil, fmt.Errorf("%w: a change of asset %q: %w", ErrDamaged, number, err)
		}
	}
	return out, nil
}

// NextAssetNumber returns the figure after the greatest of the numbers that the register made up.
func (s *Store) NextAssetNumber(ctx context.Context) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var n int
	if err := s.read.GetContext(ctx, &n, "SELECT COALESCE(MAX(suggested), 0) + 1 FROM assets"); err != nil {
		return 0, fmt.Errorf("the next number of an asset: %w", err)
	}
	return n, nil
}

// AssetFacets returns the values that assets have, those of each kind sorted.
func (s *Store) AssetFacets(ctx context.Context) (asset.Facets, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var f asset.Facets
	for _, one := range []struct {
		column string
		to     *[]string
	}{{"system_name", &f.Systems}, {"owner", &f.Owners}, {"vendor", &f.Vendors}, {"model", &f.Models}} {
		statement := "SELECT " + one.column + " FROM assets WHERE " + one.column + " <> '' GROUP BY " + one.column + " ORDER BY COUNT(*) DESC, " + one.column + " LIMIT ?"
		if err := s.read.SelectContext(ctx, one.to, statement, asset.MaxFacet); err != nil {
			return asset.Facets{}, fmt.Errorf("what assets are filtered by: %w", err)
		}
		slices.Sort(*one.to)
	}
	return f, nil
}
