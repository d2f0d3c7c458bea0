-- +goose Up
-- The stream that every node follows: rights that ended.
INSERT INTO streams (id, seq) VALUES ('nodes', 0);
