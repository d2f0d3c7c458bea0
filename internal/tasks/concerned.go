package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
	"tandem/internal/events"
)

// stake is why a change of a task concerns somebody.
type stake struct {
	taskID, userID string
	as             string // creator, assignee, watcher; former: of those of Message.Also
}

// stakes lists whom changes of tasks concern: creators, assignees, watchers, and the given ones too, those who are
// members of the team. With hold they stay members until the commit: whoever is told something must not have left.
func (s *Service) stakes(ctx context.Context, tx *db.Tx, teamID string, taskIDs, also []string, hold bool) ([]stake, error) {
	var out []stake
	lock := ""
	if hold {
		lock = tx.Dialect().Pick("", "\nFOR KEY SHARE OF m")
	}
	for part := range slices.Chunk(taskIDs, 200) {
		var args db.Args
		team := args.Add(teamID)
		in := args.In(part)
		who := []string{
			"SELECT id AS task_id, created_by AS user_id, 'creator' AS stake FROM tasks WHERE id IN " + in,
			"SELECT id, assigned_to, 'assignee' FROM tasks WHERE id IN " + in,
			"SELECT task_id, user_id, 'watcher' FROM watchers WHERE task_id IN " + in,
		}
		if len(also) > 0 {
			who = append(who, "SELECT '', id, 'former' FROM users WHERE id IN "+args.In(also))
		}
		// Indexes: primary keys of tasks, watchers, users and members.
		found, err := db.Collect(ctx, tx, func(r db.Row) (st stake, err error) {
			err = r.Scan(&st.taskID, &st.userID, &st.as)
			return st, err
		}, `SELECT c.task_id, c.user_id, c.stake FROM members m JOIN (`+strings.Join(who, " UNION ALL ")+`) c ON c.user_id = m.user_id WHERE m.team_id = `+team+lock, args...)
		if err != nil {
			return nil, fmt.Errorf("find whom the change of %d tasks concerns: %w", len(part), err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// peopleOf is each person once; never nil.
func peopleOf(stakes []stake) []string {
	people := make([]string, len(stakes))
	for i, st := range stakes {
		people[i] = st.userID
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// concerned is whose own stream gets a copy of a change.
func (s *Service) concerned(ctx context.Context, tx *db.Tx, m *events.Message) ([]string, error) {
	var ids []string
	if m.TaskID != "" {
		ids = append(ids, m.TaskID)
	}
	for _, t := range m.Tasks {
		ids = append(ids, t.TaskID)
	}
	stakes, err := s.stakes(ctx, tx, m.TeamID, ids, m.Also, false)
	return peopleOf(stakes), err
}
