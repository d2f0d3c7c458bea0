-- +goose Up
-- Files that a job makes for whoever asked: all data of a team or a project, or the report of a week.
CREATE TABLE reports (
    id          TEXT NOT NULL PRIMARY KEY,
    team_id     TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    project_id  TEXT REFERENCES projects (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    week        TEXT NOT NULL,
    timezone    TEXT NOT NULL,
    state       TEXT NOT NULL,
    done        BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    size        BIGINT NOT NULL,
    created_at  TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX reports_by_user ON reports (user_id, team_id);
CREATE INDEX reports_by_team ON reports (team_id);
CREATE INDEX reports_by_project ON reports (project_id);

-- A report's file, piece by piece, so that no node has to hold all of it.
CREATE TABLE report_parts (
    report_id TEXT NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL,
    data      BLOB NOT NULL,
    PRIMARY KEY (report_id, number)
);
