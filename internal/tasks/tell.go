package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/internal/db"
	"tandem/internal/events"
	"tandem/internal/notify"
	"tandem/internal/teams"
	"tandem/internal/users"
)

// newsOf is what somebody may be told of this change of a task.
func newsOf(kind notify.Type, t *Task, to string) notify.News {
	return notify.News{To: to, Event: fmt.Sprintf("task:%s:%d", t.ID, t.Version), Type: kind,
		TeamID: t.TeamID, ProjectID: t.ProjectID, TaskID: t.ID, Key: t.Key, About: t.Title}
}

// tellChanged tells whoever got the task, is mentioned in its description, or wants to hear of its status. p is needed
// when the status has changed.
func (s *Service) tellChanged(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, changes map[string]Change, p *teams.Project, m *events.Message) error {
	var news []notify.News
	if _, ok := changes["assigned_to"]; ok && t.AssignedTo != nil {
		news = append(news, newsOf(notify.TaskAssigned, t, *t.AssignedTo))
	}
	if c, ok := changes["description"]; ok {
		mentioned, err := s.mentioned(ctx, tx, actor, t, c.From.(string), t.Description)
		if err != nil {
			return err
		}
		for _, id := range mentioned {
			news = append(news, newsOf(notify.Mention, t, id))
		}
	}
	if _, ok := changes["status"]; ok {
		stakes, err := s.stakes(ctx, tx, t.TeamID, []string{t.ID}, m.Also, true)
		if err != nil {
			return err
		}
		m.Concerned = peopleOf(stakes)
		news = append(news, statusNews([]Task{*t}, stakes, p)...)
	}
	var err error
	m.Personal, err = s.notify.Tell(ctx, tx, actor, news...)
	return err
}

// tellMoved tells of the tasks that came into another status, of many at once as of one event.
func (s *Service) tellMoved(ctx context.Context, tx *db.Tx, actor users.Actor, list []Task, parts []events.TaskChange, p *teams.Project, m *events.Message) error {
	var moved []Task
	var all []string
	for i, t := range list {
		all = append(all, t.ID)
		if _, ok := parts[i].Changes["status"]; ok {
			moved = append(moved, t)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	stakes, err := s.stakes(ctx, tx, p.TeamID, all, nil, true)
	if err != nil {
		return err
	}
	m.Concerned = peopleOf(stakes)
	news := statusNews(moved, stakes, p)
	for i := range news {
		news[i].Event = fmt.Sprintf("move:%s:%d", list[0].ID, list[0].Version)
	}
	m.Personal, err = s.notify.Tell(ctx, tx, actor, news...)
	return err
}

// statusNews is what assignees hear of new statuses, and those watchers who asked for it.
func statusNews(list []Task, stakes []stake, p *teams.Project) (news []notify.News) {
	for i := range list {
		t := &list[i]
		for _, st := range stakes {
			if st.taskID != t.ID || st.as != "assignee" && st.as != "watcher" {
				continue
			}
			n := newsOf(notify.TaskStatusChanged, t, st.userID)
			// Nobody is both in one list: an assignee who also watches hears of it as the assignee.
			n.Watching = st.as == "watcher" && deref(t.AssignedTo) != st.userID
			n.Status = statusName(p, t.Status)
			news = append(news, n)
		}
	}
	return news
}

func statusName(p *teams.Project, slug string) string {
	for _, st := range p.Statuses {
		if st.Slug == slug {
			return st.Name
		}
	}
	return slug
}

// tellCommented tells whom a new comment concerns, and whom it mentions.
func (s *Service) tellCommented(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, c *commentRow, m *events.Message) error {
	news, err := s.mentionNews(ctx, tx, actor, t, c, "")
	if err != nil {
		return err
	}
	stakes, err := s.stakes(ctx, tx, t.TeamID, []string{t.ID}, nil, true)
	if err != nil {
		return err
	}
	m.Concerned = peopleOf(stakes)
	commented, err := s.commentNews(notify.TaskCommented, t, c, m.Concerned)
	if err != nil {
		return err
	}
	m.Personal, err = s.notify.Tell(ctx, tx, actor, append(news, commented...)...)
	return err
}

// tellEdited tells whom a comment mentions since it was edited.
func (s *Service) tellEdited(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, c *commentRow, was string, m *events.Message) error {
	news, err := s.mentionNews(ctx, tx, actor, t, c, was)
	if err != nil {
		return err
	}
	m.Personal, err = s.notify.Tell(ctx, tx, actor, news...)
	return err
}

func (s *Service) mentionNews(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, c *commentRow, was string) (news []notify.News, err error) {
	mentioned, err := s.mentioned(ctx, tx, actor, t, was, c.Body)
	if err != nil {
		return nil, err
	}
	return s.commentNews(notify.Mention, t, c, mentioned)
}

// commentNews is what each of people may be told of this version of a comment.
func (s *Service) commentNews(kind notify.Type, t *Task, c *commentRow, people []string) ([]notify.News, error) {
	about, err := s.render.beginning(c.Body)
	if err != nil {
		return nil, err
	}
	news := make([]notify.News, len(people))
	for i, id := range people {
		news[i] = newsOf(kind, t, id)
		news[i].Event, news[i].CommentID, news[i].About = fmt.Sprintf("comment:%s:%d", c.ID, c.Version), c.ID, about
	}
	return news, nil
}

// mentioned is who is named in a text that its former version did not name, members of the task's team only. They
// watch the task from now on.
func (s *Service) mentioned(ctx context.Context, tx *db.Tx, actor users.Actor, t *Task, was, text string) ([]string, error) {
	names := s.render.Mentions(text)
	if len(names) == 0 {
		return nil, nil
	}
	before := s.render.Mentions(was)
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(before, name) })
	ids, err := s.teams.MembersCalled(ctx, tx, t.TeamID, names)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == actor.ID })
	for part := range slices.Chunk(ids, 200) {
		var args db.Args
		values := make([]string, len(part))
		for i, id := range part {
			values[i] = args.Tuple(t.ID, id)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO watchers (task_id, user_id) VALUES `+strings.Join(values, ", ")+` ON CONFLICT (task_id, user_id) DO NOTHING`, args...); err != nil {
			return nil, fmt.Errorf("have %d people watch task %s: %w", len(part), t.ID, err)
		}
	}
	return ids, nil
}

// keysOf is notify.Service.TaskKeys. Index: primary key.
func (s *Service) keysOf(ctx context.Context, q db.Querier, ids []string) (map[string]string, error) {
	out := make(map[string]string, len(ids))
	for part := range slices.Chunk(ids, 200) {
		var args db.Args
		list, err := db.Collect(ctx, q, func(r db.Row) (t Task, err error) {
			err = r.Scan(&t.ID, &t.ProjectID, &t.Number)
			return t, err
		}, `SELECT id, project_id, number FROM tasks WHERE id IN `+args.In(part), args...)
		if err != nil {
			return nil, fmt.Errorf("read keys of %d tasks: %w", len(part), err)
		}
		for i := range list {
			if err := s.setKey(ctx, &list[i]); err != nil {
				return nil, err
			}
			out[list[i].ID] = list[i].Key
		}
	}
	return out, nil
}
