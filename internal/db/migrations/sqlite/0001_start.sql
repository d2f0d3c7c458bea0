-- +goose Up
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id                TEXT NOT NULL PRIMARY KEY,
    username          TEXT NOT NULL,
    username_key      TEXT NOT NULL,
    email             TEXT NOT NULL,
    email_key         TEXT NOT NULL,
    name              TEXT NOT NULL,
    password_hash     TEXT NOT NULL,
    timezone          TEXT NOT NULL,
    locale            TEXT NOT NULL,
    theme             TEXT NOT NULL,
    is_admin          BOOLEAN NOT NULL,
    disabled_at       TEXT,
    email_verified_at TEXT,
    created_at        TEXT NOT NULL,
    updated_at        TEXT NOT NULL
);
CREATE UNIQUE INDEX users_by_username ON users (username_key);
CREATE UNIQUE INDEX users_by_email ON users (email_key);

-- A session is one family of refresh tokens: all that follow from one login.
CREATE TABLE sessions (
    id           TEXT NOT NULL PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent   TEXT NOT NULL,
    ip           TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    revoked_at   TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       TEXT NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    used_at    TEXT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_use ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;

CREATE TABLE password_resets (
    hash       TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at    TEXT
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);

CREATE TABLE teams (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    version     BIGINT NOT NULL,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
);

CREATE TABLE members (
    team_id   TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      TEXT NOT NULL,
    joined_at TEXT NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id, team_id);

CREATE TABLE invites (
    id         TEXT NOT NULL PRIMARY KEY,
    team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    email      TEXT,
    email_key  TEXT,
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    invited_by TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    decided_at TEXT
);
CREATE UNIQUE INDEX invites_by_token ON invites (token_hash);
CREATE INDEX invites_by_team ON invites (team_id, created_at, id);
CREATE INDEX invites_by_user ON invites (user_id, status);
CREATE INDEX invites_by_email ON invites (email_key, status);

CREATE TABLE labels (
    id         TEXT NOT NULL PRIMARY KEY,
    team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL,
    color      TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX labels_by_name ON labels (team_id, name_key);

CREATE TABLE projects (
    id           TEXT NOT NULL PRIMARY KEY,
    team_id      TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    archived_at  TEXT,
    last_number  BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
);
CREATE UNIQUE INDEX projects_by_key ON projects (team_id, key);

CREATE TABLE statuses (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    slug       TEXT NOT NULL,
    name       TEXT NOT NULL,
    color      TEXT NOT NULL,
    category   TEXT NOT NULL,
    wip_limit  BIGINT,
    position   TEXT NOT NULL,
    PRIMARY KEY (project_id, slug)
);

CREATE TABLE tasks (
    id              TEXT NOT NULL PRIMARY KEY,
    team_id         TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    project_id      TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number          BIGINT NOT NULL,
    title           TEXT NOT NULL,
    description     TEXT NOT NULL,
    status          TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    position        TEXT NOT NULL,
    assigned_to     TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_by      TEXT REFERENCES users (id) ON DELETE SET NULL,
    imported_author TEXT,
    origin          TEXT,
    due_at          TEXT,
    completed_at    TEXT,
    comment_count   BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    deleted_at      TEXT
);
CREATE UNIQUE INDEX tasks_by_number ON tasks (project_id, number);
CREATE UNIQUE INDEX tasks_by_origin ON tasks (project_id, origin) WHERE origin IS NOT NULL;
CREATE INDEX tasks_by_board ON tasks (project_id, status, position, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_project_created ON tasks (project_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_project_updated ON tasks (project_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_team_created ON tasks (team_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_assignee ON tasks (assigned_to, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_creator ON tasks (created_by);

CREATE TABLE task_labels (
    task_id  TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    label_id TEXT NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, label_id)
);
CREATE INDEX task_labels_by_label ON task_labels (label_id, task_id);

CREATE TABLE watchers (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (task_id, user_id)
);
CREATE INDEX watchers_by_user ON watchers (user_id);

CREATE TABLE comments (
    id              TEXT NOT NULL PRIMARY KEY,
    task_id         TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    team_id         TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    author_id       TEXT REFERENCES users (id) ON DELETE SET NULL,
    imported_author TEXT,
    body            TEXT NOT NULL,
    version         BIGINT NOT NULL,
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    deleted_at      TEXT
);
CREATE INDEX comments_by_task ON comments (task_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX comments_by_author ON comments (author_id);
CREATE INDEX comments_by_team ON comments (team_id);

-- What happened to a task, for people and reports; kept as long as the task.
CREATE TABLE activity (
    id         TEXT NOT NULL PRIMARY KEY,
    task_id    TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    actor_id   TEXT REFERENCES users (id) ON DELETE SET NULL,
    type       TEXT NOT NULL,
    changes    TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX activity_by_task ON activity (task_id, created_at, id);
CREATE INDEX activity_by_team ON activity (team_id, created_at, id);
CREATE INDEX activity_by_actor ON activity (actor_id);

-- One row a team and a user: seq is the number of the last change of that stream.
CREATE TABLE streams (
    id  TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

-- The change log. payload is the message as it is sent, pruned after a while.
CREATE TABLE events (
    stream_id   TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    id          TEXT NOT NULL,
    type        TEXT NOT NULL,
    task_id     TEXT,
    actor_id    TEXT,
    mutation_id TEXT,
    payload     TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (stream_id, seq)
);
CREATE INDEX events_by_time ON events (created_at);

CREATE TABLE idempotency_keys (
    user_id     TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

CREATE TABLE imports (
    id          TEXT NOT NULL PRIMARY KEY,
    team_id     TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    project_id  TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    format      TEXT NOT NULL,
    state       TEXT NOT NULL,
    done        BIGINT NOT NULL,
    total       BIGINT NOT NULL,
    result      TEXT NOT NULL,
    file        BLOB,
    created_at  TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX imports_by_project ON imports (project_id, created_at);
CREATE INDEX imports_by_team ON imports (team_id);
CREATE INDEX imports_by_user ON imports (user_id);

-- Texts to search, already folded (lower case, no diacritics) and cut into words.
CREATE TABLE search_docs (
    id         INTEGER NOT NULL PRIMARY KEY,
    team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    task_id    TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    comment_id TEXT REFERENCES comments (id) ON DELETE CASCADE,
    words      TEXT NOT NULL
);
CREATE UNIQUE INDEX search_docs_by_task ON search_docs (task_id) WHERE comment_id IS NULL;
CREATE UNIQUE INDEX search_docs_by_comment ON search_docs (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX search_docs_by_any_task ON search_docs (task_id);
CREATE INDEX search_docs_by_team ON search_docs (team_id);
CREATE INDEX search_docs_by_project ON search_docs (project_id);

-- Prefix indexes of 2 and 3 letters make "find as you type" quick. The text lives in search_docs.
CREATE VIRTUAL TABLE search_index USING fts5(words, content='search_docs', content_rowid='id', prefix='2 3');
-- +goose StatementBegin
CREATE TRIGGER search_docs_insert AFTER INSERT ON search_docs BEGIN
    INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_docs_delete AFTER DELETE ON search_docs BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_docs_update AFTER UPDATE OF words ON search_docs BEGIN
    INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);
    INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);
END;
-- +goose StatementEnd
