-- +goose Up
-- The Idempotency-Key of the request that used a refresh token: a repeat of that request is no reuse.
ALTER TABLE refresh_tokens ADD COLUMN used_key TEXT NOT NULL DEFAULT '';
