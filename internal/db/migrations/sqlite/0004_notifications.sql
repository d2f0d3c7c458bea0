-- +goose Up
-- What somebody is told. There is no ON DELETE CASCADE from what it is about, so that nothing goes without its part of
-- unread_counts: notify.Remove comes first.
CREATE TABLE notifications (
    id         TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type       TEXT NOT NULL,
    event_key  TEXT NOT NULL,
    team_id    TEXT REFERENCES teams (id),
    project_id TEXT REFERENCES projects (id),
    task_id    TEXT REFERENCES tasks (id),
    comment_id TEXT REFERENCES comments (id),
    invite_id  TEXT REFERENCES invites (id),
    actor_id   TEXT REFERENCES users (id) ON DELETE SET NULL,
    title      TEXT NOT NULL,
    message    TEXT NOT NULL,
    task_count BIGINT NOT NULL,
    in_app     BOOLEAN NOT NULL,
    read_at    TEXT,
    email      TEXT NOT NULL,
    mail_id    TEXT,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX notifications_by_event ON notifications (user_id, event_key);
CREATE INDEX notifications_by_user ON notifications (user_id, created_at, id) WHERE in_app;
CREATE INDEX notifications_by_type ON notifications (user_id, type, created_at, id) WHERE in_app;
CREATE INDEX notifications_unread ON notifications (user_id, created_at, id) WHERE in_app AND read_at IS NULL;
CREATE INDEX notifications_to_mail ON notifications (user_id, task_id) WHERE email <> '' AND mail_id IS NULL;
CREATE INDEX notifications_by_mail ON notifications (mail_id) WHERE mail_id IS NOT NULL;
CREATE INDEX notifications_by_team ON notifications (team_id, user_id);
CREATE INDEX notifications_by_project ON notifications (project_id);
CREATE INDEX notifications_by_task ON notifications (task_id);
CREATE INDEX notifications_by_comment ON notifications (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX notifications_by_invite ON notifications (invite_id) WHERE invite_id IS NOT NULL;
CREATE INDEX notifications_by_age ON notifications (created_at);

-- How many of somebody's notifications are unread, kept with each change of them: counting 100,000 rows takes too long.
CREATE TABLE unread_counts (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    unread  BIGINT NOT NULL
);

-- Only what differs from the defaults is a row.
CREATE TABLE notification_preferences (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    type    TEXT NOT NULL,
    in_app  BOOLEAN NOT NULL,
    email   TEXT NOT NULL,
    PRIMARY KEY (user_id, type)
);

CREATE TABLE notification_settings (
    user_id         TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    digest          BOOLEAN NOT NULL,
    digest_hour     BIGINT NOT NULL,
    quiet_from      TEXT,
    quiet_to        TEXT,
    watched_status  BOOLEAN NOT NULL
);

-- The last day, in their own time zone, that somebody's digest was made for.
CREATE TABLE digests (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    day     TEXT NOT NULL
);

CREATE TABLE muted_tasks (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, task_id)
);
CREATE INDEX muted_tasks_by_task ON muted_tasks (task_id);

CREATE TABLE muted_projects (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, project_id)
);
CREATE INDEX muted_projects_by_project ON muted_projects (project_id);

-- Whom a task's due date was announced to: once for each date.
CREATE TABLE due_reminders (
    task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    due_at  TEXT NOT NULL,
    PRIMARY KEY (task_id, user_id)
);
CREATE INDEX due_reminders_by_user ON due_reminders (user_id);
-- What has been in the trash for long.
CREATE INDEX tasks_by_deletion ON tasks (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX tasks_by_due ON tasks (due_at) WHERE deleted_at IS NULL AND completed_at IS NULL AND due_at IS NOT NULL;

-- Every mail that was to go out. Bodies are kept only while no mail server is configured, for the admin to pass on.
CREATE TABLE mails (
    id         TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT REFERENCES users (id) ON DELETE SET NULL,
    kind       TEXT NOT NULL,
    address    TEXT NOT NULL,
    subject    TEXT NOT NULL,
    html       TEXT NOT NULL,
    text       TEXT NOT NULL,
    state      TEXT NOT NULL,
    error      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at    TEXT
);
CREATE INDEX mails_by_age ON mails (created_at, id);
CREATE INDEX mails_by_user ON mails (user_id);

-- Addresses that refuse mail, by users.email_key. After three refusals in a row nothing more is sent there.
CREATE TABLE bounces (
    email_key    TEXT NOT NULL PRIMARY KEY,
    count        BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    last_at      TEXT NOT NULL,
    suspended_at TEXT
);

CREATE TABLE email_verifications (
    hash       TEXT NOT NULL PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email_key  TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX email_verifications_by_user ON email_verifications (user_id);

-- Who wants a team's report each week, and for which week the last was made.
CREATE TABLE report_subscriptions (
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    week    TEXT NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX report_subscriptions_by_user ON report_subscriptions (user_id);
