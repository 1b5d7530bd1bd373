-- What waits for a person is listed in one order: tasks (kind 1), and calls instead of messages (kind 6).
-- Besides those of 0001, pending.kind is 4 legal, 5 message, 6 call; sealed.kind is 4 decision, 5 selection, 6 facts.

DROP INDEX pending_task;
CREATE INDEX pending_persons ON pending (saga, kind, step, whom) WHERE kind IN (1, 6);
