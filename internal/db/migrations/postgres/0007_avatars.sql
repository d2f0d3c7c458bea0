-- +goose Up
-- Pictures of users, in each size, for all nodes. The hash is of what is in them: a picture never changes under its hash.
CREATE TABLE avatars (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    size    BIGINT NOT NULL,
    hash    TEXT NOT NULL,
    type    TEXT NOT NULL,
    data    BYTEA NOT NULL,
    PRIMARY KEY (user_id, size)
);
CREATE UNIQUE INDEX avatars_by_hash ON avatars (hash, size);
