package jobs

import "tandem/internal/db"

// CopyOptions say how jobs move from SQLite to PostgreSQL: all of them, so that those to come run there, and periodic
// ones that had their run do not get another. River keeps its rows in different ways, so the texts differ. What else
// River keeps is about clients that run (leaders, queues, announcements) and about its own schema: it is made anew.
func CopyOptions() db.CopyOptions {
	return db.CopyOptions{
		Tables: []db.CopyTable{copyJobs},
		Leave:  []string{"river_leader", "river_migration", "river_notification", "river_queue"},
	}
}

//nolint:misspell // River's names
var copyJobs = db.CopyTable{
	Name: "river_job",
	Columns: []db.CopyColumn{
		{Name: "id", Kind: db.CopyInt, Key: true},
		{Name: "args", Kind: db.CopyJSON},
		{Name: "attempt", Kind: db.CopyInt},
		{Name: "attempted_at", Kind: db.CopyTime},
		{Name: "attempted_by", Kind: db.CopyJSON},
		{Name: "created_at", Kind: db.CopyTime},
		{Name: "errors", Kind: db.CopyJSON},
		{Name: "finalized_at", Kind: db.CopyTime},
		{Name: "kind", Kind: db.CopyText},
		{Name: "max_attempts", Kind: db.CopyInt},
		{Name: "metadata", Kind: db.CopyJSON},
		{Name: "priority", Kind: db.CopyInt},
		{Name: "queue", Kind: db.CopyText},
		{Name: "state", Kind: db.CopyText},
		{Name: "scheduled_at", Kind: db.CopyTime},
		{Name: "tags", Kind: db.CopyJSON},
		{Name: "unique_key", Kind: db.CopyBytes},
		{Name: "unique_states", Kind: db.CopyInt},
	},
	// What runs here was running when the server died: see adoptOrphans, which PostgreSQL, with its several nodes,
	// does not have.
	FromSQLite: `
SELECT id, json(args), attempt, attempted_at, json(attempted_by), created_at, json(errors), finalized_at, kind, max_attempts, json(metadata),
	priority, queue, CASE WHEN state = 'running' AND attempt < max_attempts THEN 'available' ELSE state END, scheduled_at, json(tags), unique_key, unique_states
FROM river_job
ORDER BY id`,
	FromPostgres: `
SELECT id, CAST(args AS TEXT), attempt, attempted_at, CAST(to_jsonb(attempted_by) AS TEXT), created_at, CAST(to_jsonb(errors) AS TEXT), finalized_at, kind, max_attempts, CAST(metadata AS TEXT),
	priority, queue, CAST(state AS TEXT), scheduled_at, CAST(to_jsonb(tags) AS TEXT), unique_key, CAST(unique_states AS INTEGER)
FROM river_job
ORDER BY id`,
	Insert: `
INSERT INTO river_job (id, args, attempt, attempted_at, attempted_by, created_at, errors, finalized_at, kind, max_attempts, metadata,
	priority, queue, state, scheduled_at, tags, unique_key, unique_states)
VALUES ($1, CAST($2 AS JSONB), $3, $4,
	CASE WHEN CAST($5 AS JSONB) IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(CAST($5 AS JSONB))) END, $6,
	CASE WHEN CAST($7 AS JSONB) IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements(CAST($7 AS JSONB))) END, $8, $9, $10, CAST($11 AS JSONB),
	$12, $13, CAST(CAST($14 AS TEXT) AS river_job_state), $15,
	CASE WHEN CAST($16 AS JSONB) IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(CAST($16 AS JSONB))) END, $17, CAST(CAST($18 AS INTEGER) AS BIT(8)))`,
	Version: `SELECT COALESCE(MAX(version), 0) FROM river_migration WHERE line = 'main'`,
}
