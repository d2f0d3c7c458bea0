package events

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tandem/internal/db"
	"tandem/internal/errs"
)

// Mutation identifies one write of a client, so that a repeat of it changes nothing.
type Mutation struct {
	ID          string // the client's Idempotency-Key; empty when it sent none
	Fingerprint string // of method, path and body: the same key with another request is refused
}

// Ref is the mutation's id as messages carry it.
func (m Mutation) Ref() *string {
	if m.ID == "" {
		return nil
	}
	return &m.ID
}

const findResult = `
SELECT fingerprint, result
FROM idempotency_keys
WHERE user_id = $1 AND key = $2`

const insertResult = `
INSERT INTO idempotency_keys (user_id, key, fingerprint, result, created_at)
VALUES ($1, $2, $3, $4, $5)`

// Once is db.Write for a client's write: fn runs in one transaction and its result is kept in it,
// so a repeat of the same mutation by the same user returns that result without running fn.
// Without a mutation id it is just a write. The result must survive JSON.
func Once[T any](ctx context.Context, d *db.DB, userID string, m Mutation, fn func(*db.Tx) (T, error)) (T, error) {
	var out T
	err := d.Write(ctx, func(tx *db.Tx) error {
		if m.ID == "" {
			var err error
			out, err = fn(tx)
			return err
		}
		var fingerprint, result string
		err := tx.QueryRowContext(ctx, findResult, userID, m.ID).Scan(&fingerprint, &result)
		switch {
		case err == nil && fingerprint != m.Fingerprint:
			return &errs.Error{Kind: errs.Invalid, Code: "idempotency_key_reused", Field: "header.Idempotency-Key", Message: "was used for another request: make a new key for each write"}
		case err == nil:
			var again T // not out: an earlier attempt may have filled it
			if err := json.Unmarshal([]byte(result), &again); err != nil {
				return fmt.Errorf("read kept result of %s: %w", m.ID, err)
			}
			out = again
			return nil
		case !db.NoRow(err):
			return fmt.Errorf("find mutation %s: %w", m.ID, err)
		}
		if out, err = fn(tx); err != nil {
			return err
		}
		kept, err := json.Marshal(out)
		if err != nil {
			return fmt.Errorf("keep result of %s: %w", m.ID, err)
		}
		if _, err = tx.Exec(ctx, insertResult, userID, m.ID, m.Fingerprint, string(kept), db.Time(tx.Now)); db.IsUnique(err) {
			return fmt.Errorf("mutation %s arrived twice at once: %w", m.ID, db.ErrRetry)
		}
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return out, nil
}

// ForgetMutations drops kept results older than maxAge and returns how many.
func ForgetMutations(ctx context.Context, d *db.DB, maxAge time.Duration) (n int64, err error) {
	err = d.Write(ctx, func(tx *db.Tx) error {
		n, err = tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < $1`, db.Time(tx.Now.Add(-maxAge)))
		return err
	})
	return n, err
}
