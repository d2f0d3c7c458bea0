package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// Board is one answer that paints a board.
type Board struct {
	Project  teams.Project            `json:"project"`
	Statuses []teams.Status           `json:"statuses" nullable:"false" doc:"in order, with counts"`
	Members  []teams.Membership       `json:"members" nullable:"false"`
	Labels   []teams.Label            `json:"labels" nullable:"false"`
	Columns  map[string]db.Page[Card] `json:"columns" doc:"the first cards of each status, by slug; next_cursor is for GET /api/tasks with project_id, status and sort=position"`
	Seq      int64                    `json:"seq" doc:"the team's seq that this is a snapshot of"`
	Epoch    string                   `json:"epoch"`
}

// BoardSnapshot is a board as bytes, with the tag that names its content.
type BoardSnapshot struct {
	ETag string
	JSON []byte
}

// boardCache keeps boards as they are sent. A board is a function of the team's log up to seq, so
// an entry is right as long as seq is; the minute's expiry bounds what is outside the log (profiles).
type boardCache struct {
	entries *otter.Cache[boardKey, boardEntry]
	flight  singleflight.Group
}

type boardKey struct {
	projectID string
	limit     int
}

type boardEntry struct {
	seq  int64
	snap BoardSnapshot
}

func newBoardCache() *boardCache {
	return &boardCache{entries: otter.Must(&otter.Options[boardKey, boardEntry]{
		MaximumWeight:    32 << 20,
		Weigher:          func(_ boardKey, e boardEntry) uint32 { return uint32(len(e.snap.JSON)) + 128 }, //nolint:gosec // at most a few MB
		ExpiryCalculator: otter.ExpiryWriting[boardKey, boardEntry](time.Minute),
	})}
}

// Board returns the project's board with up to limit cards a column. The same for everybody in
// the team.
func (s *Service) Board(ctx context.Context, actor users.Actor, projectID string, limit int) (BoardSnapshot, error) {
	limit, err := db.Limit(limit)
	if err != nil {
		return BoardSnapshot{}, err
	}
	ref, err := s.teams.ProjectRef(ctx, projectID)
	if err == nil {
		_, err = s.teams.AuthorizeRead(ctx, actor, ref.TeamID, teams.ViewTeam)
	}
	if err != nil {
		for _, e := range errs.All(err) {
			if e.Kind == errs.NotFound {
				return BoardSnapshot{}, errs.New(errs.NotFound, "project not found")
			}
		}
		return BoardSnapshot{}, err
	}
	seq, err := s.log.Head(ctx, s.db.Read(), ref.TeamID)
	if err != nil {
		return BoardSnapshot{}, err
	}
	k := boardKey{projectID, limit}
	if e, ok := s.boards.entries.GetIfPresent(k); ok && e.seq == seq {
		return e.snap, nil
	}
	// Many people opening the same board after the same change build it once.
	name := fmt.Sprintf("%s/%d/%d", projectID, limit, seq)
	v, err, _ := s.boards.flight.Do(name, func() (any, error) {
		e, err := s.buildBoard(context.WithoutCancel(ctx), projectID, limit)
		if err == nil {
			s.boards.entries.Set(k, e)
		}
		return e, err
	})
	if err != nil {
		return BoardSnapshot{}, err
	}
	return v.(boardEntry).snap, nil
}

func (s *Service) buildBoard(ctx context.Context, projectID string, limit int) (boardEntry, error) {
	var b Board
	var err error
	if b.Epoch, err = s.log.Epoch(ctx); err != nil {
		return boardEntry{}, err
	}
	err = s.db.Snapshot(ctx, func(q db.Querier) error {
		if b.Project, err = s.teams.FindProject(ctx, q, projectID); err != nil {
			return err
		}
		if b.Seq, err = s.log.Head(ctx, q, b.Project.TeamID); err != nil {
			return err
		}
		if b.Members, err = s.teams.MembersOf(ctx, q, b.Project.TeamID); err != nil {
			return err
		}
		if b.Labels, err = s.teams.LabelsOf(ctx, q, b.Project.TeamID); err != nil {
			return err
		}
		counts, err := s.countByStatus(ctx, q, projectID)
		if err != nil {
			return err
		}
		b.Columns = make(map[string]db.Page[Card], len(b.Project.Statuses))
		for i := range b.Project.Statuses {
			st := &b.Project.Statuses[i]
			st.Count = counts[st.Slug]
			// One query a column: at most 20, each on its index; a window over all would read every task.
			if b.Columns[st.Slug], err = s.column(ctx, q, &b.Project, st.Slug, limit); err != nil {
				return err
			}
		}
		b.Statuses = b.Project.Statuses
		return nil
	})
	if err != nil {
		return boardEntry{}, fmt.Errorf("read board %s: %w", projectID, err)
	}
	body, err := json.Marshal(b)
	if err != nil {
		return boardEntry{}, fmt.Errorf("encode board: %w", err)
	}
	return boardEntry{b.Seq, BoardSnapshot{ETag: `"` + strconv.FormatInt(b.Seq, 10) + `-` + b.Epoch[:8] + `"`, JSON: body}}, nil
}

// Index: tasks_by_board.
var columnQuery = `
SELECT ` + cardColumns + `
FROM tasks t
WHERE t.project_id = $1 AND t.status = $2 AND t.deleted_at IS NULL
ORDER BY t.position, t.id
LIMIT $3`

func (s *Service) column(ctx context.Context, q db.Querier, p *teams.Project, status string, limit int) (db.Page[Card], error) {
	var page db.Page[Card]
	rows, err := db.Collect(ctx, q, scanPlainTask, columnQuery, p.ID, status, limit+1)
	if err != nil {
		return page, err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		page.NextCursor = (&listQuery{sort: "position"}).cursor(&rows[limit-1], nil)
	}
	page.Items = make([]Card, len(rows))
	for i := range rows {
		rows[i].Key = key(p.Key, rows[i].Number)
		page.Items[i] = rows[i].Card()
	}
	return page, nil
}
