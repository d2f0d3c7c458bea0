package teams

// Index: primary key.
const roleOf = `
SELECT role
FROM members
WHERE team_id = $1 AND user_id = $2`

// Index: members_by_user.
const teamIDsOf = `
SELECT team_id
FROM members
WHERE user_id = $1
ORDER BY team_id`

// Index: members_by_user, primary key.
const sharesTeam = `
SELECT EXISTS (
	SELECT 1
	FROM members a
	JOIN members b ON b.team_id = a.team_id
	WHERE a.user_id = $1 AND b.user_id = $2
)`

// Indexes: members_by_user, primary keys.
const sharedTeams = `
SELECT t.id, t.name, b.role
FROM members a
JOIN members b ON b.team_id = a.team_id
JOIN teams t ON t.id = a.team_id
WHERE a.user_id = $1 AND b.user_id = $2
ORDER BY LOWER(t.name), t.id`

const teamColumns = `t.id, t.name, t.description, t.show_member_analytics, t.version, t.created_at, t.updated_at, m.role,
	(SELECT COUNT(*) FROM members c WHERE c.team_id = t.id),
	(SELECT COUNT(*) FROM projects p WHERE p.team_id = t.id)`

// Index: members_by_user.
const teamsOf = `
SELECT ` + teamColumns + `
FROM members m
JOIN teams t ON t.id = m.team_id
WHERE m.user_id = $1
ORDER BY LOWER(t.name), t.id`

// Index: primary keys.
const teamByID = `
SELECT ` + teamColumns + `
FROM members m
JOIN teams t ON t.id = m.team_id
WHERE m.user_id = $1 AND t.id = $2`

const insertTeam = `
INSERT INTO teams (id, name, description, version, created_at, updated_at)
VALUES ($1, $2, $3, 1, $4, $4)`

const updateTeam = `
UPDATE teams
SET name = $3, description = $4, show_member_analytics = $5, updated_at = $6, version = version + 1
WHERE id = $1 AND version = $2`

const holdTeam = `
SELECT id
FROM teams
WHERE id = $1
FOR UPDATE`

const deleteTeam = `
DELETE FROM teams
WHERE id = $1`

// Index: primary key.
const membersOf = `
SELECT user_id, role, joined_at
FROM members
WHERE team_id = $1
ORDER BY joined_at, user_id`

// Index: primary key.
const memberByID = `
SELECT user_id, role, joined_at
FROM members
WHERE team_id = $1 AND user_id = $2`

// Index: primary key.
const memberIDs = `
SELECT user_id
FROM members
WHERE team_id = $1`

// Index: primary key.
const countOwners = `
SELECT COUNT(*)
FROM members
WHERE team_id = $1 AND role = 'owner'`

const insertMember = `
INSERT INTO members (team_id, user_id, role, joined_at)
VALUES ($1, $2, $3, $4)`

const updateRole = `
UPDATE members
SET role = $3
WHERE team_id = $1 AND user_id = $2`

const deleteMember = `
DELETE FROM members
WHERE team_id = $1 AND user_id = $2
RETURNING role`

// The list of keys of usernames is added. Indexes: users_by_username, members' primary key.
const membersCalled = `
SELECT m.user_id
FROM users u
JOIN members m ON m.user_id = u.id
WHERE m.team_id = $1 AND u.disabled_at IS NULL AND u.username_key IN `

const inviteColumns = `i.id, i.team_id, t.name, i.email, i.email_key, i.user_id, i.role, i.invited_by, i.status, i.created_at, i.expires_at`

// Index: invites_by_team.
const invitesOfTeam = `
SELECT ` + inviteColumns + `
FROM invites i
JOIN teams t ON t.id = i.team_id
WHERE i.team_id = $1
ORDER BY i.created_at DESC, i.id DESC
LIMIT 200`

// Indexes: invites_by_user, invites_by_email.
const invitesOfUser = `
SELECT ` + inviteColumns + `
FROM invites i
JOIN teams t ON t.id = i.team_id
WHERE (i.user_id = $1 OR i.email_key = $2) AND i.status = 'pending' AND i.expires_at > $3
	AND NOT EXISTS (SELECT 1 FROM members m WHERE m.team_id = i.team_id AND m.user_id = $1)
ORDER BY i.created_at DESC, i.id DESC
LIMIT 200`

// Index: primary key.
const inviteByID = `
SELECT ` + inviteColumns + `
FROM invites i
JOIN teams t ON t.id = i.team_id
WHERE i.id = $1`

// Index: invites_by_token.
const inviteByToken = `
SELECT ` + inviteColumns + `
FROM invites i
JOIN teams t ON t.id = i.team_id
WHERE i.token_hash = $1`

// Index: invites_by_team.
const countPending = `
SELECT COUNT(*)
FROM invites
WHERE team_id = $1 AND (user_id = $2 OR email_key = $3) AND status = 'pending' AND expires_at > $4`

const insertInvite = `
INSERT INTO invites (id, team_id, email, email_key, user_id, role, token_hash, invited_by, status, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $10)`

const decideInvite = `
UPDATE invites
SET status = $2, decided_at = $3
WHERE id = $1 AND status = 'pending'`

// Index: labels_by_name.
const labelsOf = `
SELECT id, team_id, name, color
FROM labels
WHERE team_id = $1
ORDER BY name_key`

// Index: primary key.
const labelByID = `
SELECT id, team_id, name, color
FROM labels
WHERE id = $1`

const insertLabel = `
INSERT INTO labels (id, team_id, name, name_key, color, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (team_id, name_key) DO NOTHING`

const updateLabel = `
UPDATE labels
SET name = $2, name_key = $3, color = $4
WHERE id = $1`

const deleteLabel = `
DELETE FROM labels
WHERE id = $1`

const projectColumns = `id, team_id, key, name, description, archived_at, version, created_at, updated_at`

// Index: primary key.
const projectByID = `
SELECT ` + projectColumns + `
FROM projects
WHERE id = $1`

// Index: primary key.
const projectRef = `
SELECT id, team_id, key, name
FROM projects
WHERE id = $1`

// Index: projects_by_key.
const projectsOf = `
SELECT ` + projectColumns + `
FROM projects
WHERE team_id = $1
ORDER BY id`

// Index: primary key of muted_projects.
const projectMuted = `
SELECT EXISTS (SELECT 1 FROM muted_projects WHERE user_id = $1 AND project_id = $2)`

// Indexes: primary keys of muted_projects, projects and members.
const mutedProjects = `
SELECT p.id, p.team_id, p.key, p.name
FROM muted_projects x
JOIN projects p ON p.id = x.project_id
JOIN members m ON m.team_id = p.team_id AND m.user_id = x.user_id
WHERE x.user_id = $1
ORDER BY LOWER(p.name), p.id`

const insertProject = `
INSERT INTO projects (id, team_id, key, name, description, last_number, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, 0, 1, $6, $6)
ON CONFLICT (team_id, key) DO NOTHING`

const updateProject = `
UPDATE projects
SET name = $3, description = $4, archived_at = $5, updated_at = $6, version = version + 1
WHERE id = $1 AND version = $2`

const takeNumbers = `
UPDATE projects
SET last_number = last_number + $2
WHERE id = $1
RETURNING last_number`

const lockProject = `
UPDATE projects
SET last_number = last_number
WHERE id = $1`

const holdProject = `
SELECT id
FROM projects
WHERE id = $1
FOR UPDATE`

const deleteProject = `
DELETE FROM projects
WHERE id = $1`

// Index: primary key.
const statusesOf = `
SELECT slug, name, color, category, wip_limit, position
FROM statuses
WHERE project_id = $1
ORDER BY position, slug`

// Indexes: projects_by_key, statuses' primary key.
const statusesOfTeam = `
SELECT s.project_id, s.slug, s.name, s.color, s.category, s.wip_limit, s.position
FROM projects p
JOIN statuses s ON s.project_id = p.id
WHERE p.team_id = $1
ORDER BY s.project_id, s.position, s.slug`

const insertStatus = `
INSERT INTO statuses (project_id, slug, name, color, category, wip_limit, position)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

const updateStatus = `
UPDATE statuses
SET name = $3, color = $4, category = $5, wip_limit = $6, position = $7
WHERE project_id = $1 AND slug = $2`

const deleteStatus = `
DELETE FROM statuses
WHERE project_id = $1 AND slug = $2`

const filterColumns = `id, team_id, project_id, user_id, name, query, shared, created_at, updated_at`

// Index: saved_filters_by_project.
const filtersOfProject = `
SELECT ` + filterColumns + `
FROM saved_filters
WHERE project_id = $1 AND (user_id = $2 OR shared)
ORDER BY id`

// Index: saved_filters_by_user.
const ownFilters = `
SELECT ` + filterColumns + `
FROM saved_filters
WHERE user_id = $1 AND project_id IS NULL
ORDER BY id`

// Index: saved_filters_by_user.
const countFilters = `
SELECT COUNT(*)
FROM saved_filters
WHERE user_id = $1 AND COALESCE(project_id, '') = COALESCE(CAST($2 AS TEXT), '')`

// Index: primary key.
const filterByID = `
SELECT ` + filterColumns + `
FROM saved_filters
WHERE id = $1`

const insertFilter = `
INSERT INTO saved_filters (id, team_id, project_id, user_id, name, query, shared, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`

// Index: primary key.
const updateFilter = `
UPDATE saved_filters
SET name = $2, query = $3, shared = $4, updated_at = $5
WHERE id = $1`

// Index: primary key.
const deleteFilter = `
DELETE FROM saved_filters
WHERE id = $1`
