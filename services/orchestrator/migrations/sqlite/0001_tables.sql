-- All tables of the store. Applied migrations are never edited: a change is a new file.
--
-- Rows of a saga are keyed by its sequential number, so that what is written together lies together; only what must be
-- found by a secret (keys, subjects, children) is keyed by an HMAC. Large bodies stand in tables with a rowid, because
-- a row of a table without one is also copied into its inner pages.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    given INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, given) VALUES ('saga', 0);

CREATE TABLE definition (
    hash BLOB PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

CREATE TABLE application (
    id           BLOB PRIMARY KEY,
    submitted_at INTEGER NOT NULL,
    sealed_form  BLOB NOT NULL
) STRICT;

-- Apart from the application, so that destroying a key touches one small row.
CREATE TABLE case_key (
    application BLOB PRIMARY KEY,
    wrapped     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    key         BLOB PRIMARY KEY,
    application BLOB NOT NULL,
    form        BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE act (
    key  BLOB PRIMARY KEY,
    what BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE saga (
    number       INTEGER PRIMARY KEY,
    version      INTEGER NOT NULL,
    case_id      BLOB NOT NULL,
    application  BLOB NOT NULL,
    child_order  INTEGER NOT NULL,
    pack         TEXT NOT NULL,
    definition   BLOB NOT NULL,
    state        TEXT NOT NULL,
    stuck        INTEGER NOT NULL,
    frozen       INTEGER NOT NULL,
    bereaved     INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    child        BLOB
) STRICT;
CREATE INDEX saga_case ON saga (case_id);
CREATE INDEX saga_application ON saga (application, child_order);
CREATE INDEX saga_state ON saga (state);
CREATE INDEX saga_stuck ON saga (stuck) WHERE stuck = 1;

CREATE TABLE event (
    saga   INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (saga, seq)
) STRICT, WITHOUT ROWID;

-- kind: 0 command, 1 task, 2 expiry, 3 late. due_at 9223372036854775807: never.
CREATE TABLE pending (
    saga     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    whom     TEXT NOT NULL,
    person   BLOB,
    attempts INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    message  BLOB,
    PRIMARY KEY (saga, kind, step)
) STRICT, WITHOUT ROWID;
-- In the order in which rows are handed out; whom at the end, so that a held department is passed over unread.
CREATE INDEX pending_due ON pending (due_at, saga, kind, step, whom) WHERE due_at < 9223372036854775807;
CREATE INDEX pending_command ON pending (whom, saga, step) WHERE kind = 0;
CREATE INDEX pending_task ON pending (saga, step, whom) WHERE kind = 1;
CREATE INDEX pending_person ON pending (person, saga, step) WHERE person IS NOT NULL;

-- kind: 0 output, 1 correction, 2 words, 3 stated.
CREATE TABLE sealed (
    saga     INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (saga, step, kind, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE blind_index (
    subject BLOB NOT NULL,
    saga    INTEGER NOT NULL,
    PRIMARY KEY (subject, saga)
) STRICT, WITHOUT ROWID;

-- A row exactly while the child's case is running.
CREATE TABLE live_child (
    child BLOB PRIMARY KEY,
    saga  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE department (
    name   TEXT PRIMARY KEY,
    held   INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    topic  TEXT NOT NULL,
    code   TEXT NOT NULL,
    what   TEXT NOT NULL,
    saga   INTEGER NOT NULL,
    step   TEXT NOT NULL,
    size   INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE unmatched_notice (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    notice   BLOB NOT NULL UNIQUE,
    at       INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    kind     TEXT NOT NULL,
    subject  BLOB NOT NULL,
    why      TEXT NOT NULL,
    waits    INTEGER NOT NULL,
    sealed   BLOB NOT NULL
) STRICT;
CREATE INDEX unmatched_notice_subject ON unmatched_notice (subject) WHERE waits = 1;
