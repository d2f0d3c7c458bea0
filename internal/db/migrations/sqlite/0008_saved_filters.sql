-- +goose Up
-- The query of a list under a name: of a project, private or shared, or of somebody's own tasks (no project).
CREATE TABLE saved_filters (
    id         TEXT NOT NULL PRIMARY KEY,
    team_id    TEXT REFERENCES teams (id) ON DELETE CASCADE,
    project_id TEXT REFERENCES projects (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    query      TEXT NOT NULL,
    shared     BOOLEAN NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX saved_filters_by_project ON saved_filters (project_id, user_id);
CREATE INDEX saved_filters_by_user ON saved_filters (user_id, project_id);
CREATE INDEX saved_filters_by_team ON saved_filters (team_id);
