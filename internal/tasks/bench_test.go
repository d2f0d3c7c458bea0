package tasks_test

import (
	"strconv"
	"testing"

	"tandem/internal/tandemtest"
	"tandem/internal/tasks"
	"tandem/internal/teams"
)

// BenchmarkUpdate is a patch of one field, of a task that concerns two people.
func BenchmarkUpdate(b *testing.B) {
	env := tandemtest.NewSQLite(b)
	ann := env.User("ann")
	team := env.Team(ann)
	bob := env.Member(team, teams.Member)
	task := env.TaskBy(ann, env.Project(team), tasks.Fields{Title: tasks.Of("x"), AssignedTo: tasks.Of(&bob.ID)})
	for i := 0; b.Loop(); i++ {
		if _, err := env.Tasks.Update(b.Context(), ann, task.ID, title(strconv.Itoa(i)), nil); err != nil {
			b.Fatal(err)
		}
	}
}
