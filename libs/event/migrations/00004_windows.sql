-- +goose Up
-- Whether a source's windows were ever found signed: from then on nothing else
-- is believed of it.
ALTER TABLE event_subscription ADD COLUMN windows_signed boolean NOT NULL DEFAULT false;
SELECT grant_app('event_subscription', 'UPDATE (windows_signed)');
