-- +goose Up
-- For calendars: what is due in a project between two days.
CREATE INDEX tasks_by_project_due ON tasks (project_id, due_at, id) WHERE deleted_at IS NULL AND due_at IS NOT NULL;
