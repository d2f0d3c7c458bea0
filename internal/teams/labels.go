package teams

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/internal/db"
	"tandem/internal/errs"
	"tandem/internal/events"
	"tandem/internal/users"
)

// Colors are what labels and statuses can have.
var Colors = []string{"gray", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink"}

// Label is a coloured word of a team.
type Label struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
	Name   string `json:"name"`
	Color  string `json:"color" enum:"gray,red,orange,amber,green,teal,blue,indigo,purple,pink"`
}

// LabelInput is a new label.
type LabelInput struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty" doc:"default gray"`
}

// LabelPatch is an edit of a label; nil means not sent.
type LabelPatch struct {
	Name  *string `json:"name,omitempty"`
	Color *string `json:"color,omitempty"`
}

func checkColor(c string) error {
	if !slices.Contains(Colors, c) {
		return errs.Field("color", "must be one of %v", Colors)
	}
	return nil
}

func scanLabel(r db.Row) (l Label, err error) {
	err = r.Scan(&l.ID, &l.TeamID, &l.Name, &l.Color)
	return l, err
}

// LabelsOf returns all labels of a team by name.
func (s *Service) LabelsOf(ctx context.Context, q db.Querier, teamID string) ([]Label, error) {
	list, err := db.Collect(ctx, q, scanLabel, labelsOf, teamID)
	if err != nil {
		return nil, fmt.Errorf("list labels of %s: %w", teamID, err)
	}
	return list, nil
}

// Labels lists the labels of one of the actor's teams.
func (s *Service) Labels(ctx context.Context, actor users.Actor, teamID string) ([]Label, error) {
	if _, err := s.AuthorizeRead(ctx, actor, teamID, ViewTeam); err != nil {
		return nil, err
	}
	return s.LabelsOf(ctx, s.db.Read(), teamID)
}

// ResolveLabels makes ids of ids or names of a team's labels, sorted and each once.
func (s *Service) ResolveLabels(ctx context.Context, q db.Querier, teamID string, refs []string) ([]string, error) {
	out := []string{}
	if len(refs) == 0 {
		return out, nil
	}
	list, err := s.LabelsOf(ctx, q, teamID)
	if err != nil {
		return nil, err
	}
	var faults []error
	for n, ref := range refs {
		at := slices.IndexFunc(list, func(l Label) bool { return l.ID == ref })
		if at < 0 {
			at = slices.IndexFunc(list, func(l Label) bool { return users.Key(l.Name) == users.Key(ref) })
		}
		if at < 0 {
			faults = append(faults, errs.Field(fmt.Sprintf("labels[%d]", n), "is no label of this team"))
			continue
		}
		out = append(out, list[at].ID)
	}
	slices.Sort(out)
	return slices.Compact(out), errors.Join(faults...)
}

// CreateLabel adds a label to a team.
func (s *Service) CreateLabel(ctx context.Context, actor users.Actor, teamID string, in LabelInput) (Label, error) {
	if in.Color == "" {
		in.Color = "gray"
	}
	name, err := errs.Line("name", in.Name, 50)
	if err := errors.Join(err, checkColor(in.Color)); err != nil {
		return Label{}, err
	}
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Label, error) {
		if _, err := s.Authorize(ctx, tx, actor, teamID, EditLabels); err != nil {
			return Label{}, err
		}
		l, err := s.AddLabel(ctx, tx, teamID, name, in.Color)
		if err != nil {
			return l, err
		}
		m := s.message("label.created", actor, teamID)
		m.Label = l
		_, err = s.log.Record(ctx, tx, teamID, m)
		return l, err
	})
}

// AddLabel inserts a label without recording it: for imports, which tell of it themselves.
func (s *Service) AddLabel(ctx context.Context, tx *db.Tx, teamID, name, color string) (Label, error) {
	l := Label{newID(), teamID, name, color}
	n, err := tx.Exec(ctx, insertLabel, l.ID, teamID, name, users.Key(name), color, db.Time(tx.Now))
	if err != nil {
		return l, fmt.Errorf("insert label: %w", err)
	}
	if n == 0 {
		return l, errs.Field("name", "%q is taken by another label", name)
	}
	return l, nil
}

// labelOf reads a label inside a write and checks the actor's right on its team.
func (s *Service) labelOf(ctx context.Context, tx *db.Tx, actor users.Actor, id string) (Label, error) {
	l, err := scanLabel(tx.QueryRowContext(ctx, labelByID, id))
	if db.NoRow(err) {
		return l, notFound("label")
	}
	if err != nil {
		return l, fmt.Errorf("read label %s: %w", id, err)
	}
	if _, err := s.Authorize(ctx, tx, actor, l.TeamID, EditLabels); err != nil {
		if errors.Is(err, errs.NotFound) {
			return l, notFound("label")
		}
		return l, err
	}
	return l, nil
}

// UpdateLabel renames or recolours a label.
func (s *Service) UpdateLabel(ctx context.Context, actor users.Actor, id string, p LabelPatch) (Label, error) {
	return events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (Label, error) {
		l, err := s.labelOf(ctx, tx, actor, id)
		if err != nil {
			return l, err
		}
		before := l
		if p.Name != nil {
			if l.Name, err = errs.Line("name", *p.Name, 50); err != nil {
				return l, err
			}
		}
		if p.Color != nil {
			if err := checkColor(*p.Color); err != nil {
				return l, err
			}
			l.Color = *p.Color
		}
		if l == before {
			return l, nil
		}
		if _, err := tx.Exec(ctx, updateLabel, id, l.Name, users.Key(l.Name), l.Color); err != nil {
			if db.IsUnique(err) {
				return l, errs.Field("name", "%q is taken by another label", l.Name)
			}
			return l, fmt.Errorf("update label %s: %w", id, err)
		}
		m := s.message("label.updated", actor, l.TeamID)
		m.Label = l
		_, err = s.log.Record(ctx, tx, l.TeamID, m)
		return l, err
	})
}

// DeleteLabel removes a label from the team and from its tasks.
func (s *Service) DeleteLabel(ctx context.Context, actor users.Actor, id string) error {
	_, err := events.Once(ctx, s.db, actor.ID, actor.Mutation, func(tx *db.Tx) (struct{}, error) {
		l, err := s.labelOf(ctx, tx, actor, id)
		if err != nil {
			return struct{}{}, err
		}
		parts, err := s.tasks.LabelDeleted(ctx, tx, actor, l.TeamID, id)
		if err != nil {
			return struct{}{}, err
		}
		if _, err := tx.Exec(ctx, deleteLabel, id); err != nil {
			return struct{}{}, fmt.Errorf("delete label %s: %w", id, err)
		}
		m := s.message("label.deleted", actor, l.TeamID)
		m.Label, m.Tasks = l, parts
		_, err = s.log.Record(ctx, tx, l.TeamID, m)
		return struct{}{}, err
	})
	return err
}
