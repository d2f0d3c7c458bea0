package teams

// Role is what a member is in a team.
type Role string

// The roles, from most to least.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
	Viewer Role = "viewer"
)

// Permission is one thing that a role allows.
type Permission string

// The permissions.
const (
	ViewTeam       Permission = "view team"
	EditTeam       Permission = "edit team"
	DeleteTeam     Permission = "delete team"
	ManageMembers  Permission = "manage members" // change roles, remove, invite; up to admin
	ManageOwners   Permission = "manage owners"
	ManageProjects Permission = "manage projects" // and their statuses
	EditLabels     Permission = "edit labels"
	ShareFilters   Permission = "share filters"
	EditTasks      Permission = "edit tasks"
	Comment        Permission = "comment"
	ManageComments Permission = "manage comments" // delete those of others
	Import         Permission = "import"
	Export         Permission = "export"
)

// allowed is the whole of what roles may do.
var allowed = map[Permission][]Role{
	ViewTeam:       {Owner, Admin, Member, Viewer},
	EditTeam:       {Owner, Admin},
	DeleteTeam:     {Owner},
	ManageMembers:  {Owner, Admin},
	ManageOwners:   {Owner},
	ManageProjects: {Owner, Admin},
	EditLabels:     {Owner, Admin, Member},
	ShareFilters:   {Owner, Admin, Member},
	EditTasks:      {Owner, Admin, Member},
	Comment:        {Owner, Admin, Member},
	ManageComments: {Owner, Admin},
	Import:         {Owner, Admin},
	Export:         {Owner, Admin, Member, Viewer},
}

// Can says whether the role allows p.
func (r Role) Can(p Permission) bool {
	for _, ok := range allowed[p] {
		if ok == r {
			return true
		}
	}
	return false
}
