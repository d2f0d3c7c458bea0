package teams

import "testing"

// The table once more, cell by cell: changing what a role may do takes two changes.
func TestPermissions(t *testing.T) {
	t.Parallel()
	table := []struct {
		permission                   Permission
		owner, admin, member, viewer bool
	}{
		{ViewTeam, true, true, true, true},
		{EditTeam, true, true, false, false},
		{DeleteTeam, true, false, false, false},
		{ManageMembers, true, true, false, false},
		{ManageOwners, true, false, false, false},
		{ManageProjects, true, true, false, false},
		{EditLabels, true, true, true, false},
		{ShareFilters, true, true, true, false},
		{EditTasks, true, true, true, false},
		{Comment, true, true, true, false},
		{ManageComments, true, true, false, false},
		{Import, true, true, false, false},
		{Export, true, true, true, true},
	}
	seen := map[Permission]bool{}
	for _, row := range table {
		seen[row.permission] = true
		for role, want := range map[Role]bool{Owner: row.owner, Admin: row.admin, Member: row.member, Viewer: row.viewer, "": false, "stranger": false} {
			if got := role.Can(row.permission); got != want {
				t.Errorf("%q may %s: %v, want %v", role, row.permission, got, want)
			}
		}
	}
	for p := range allowed {
		if !seen[p] {
			t.Errorf("%s is not in this table", p)
		}
	}
}
