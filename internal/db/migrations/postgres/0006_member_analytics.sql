-- +goose Up
-- Whether members of the team may look at each other's figures.
ALTER TABLE teams ADD COLUMN show_member_analytics BOOLEAN NOT NULL DEFAULT FALSE;
