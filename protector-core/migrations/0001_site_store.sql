-- A site's store. Immutable once released: a change is a new file.

CREATE TABLE store (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    site     TEXT NOT NULL
) STRICT;

CREATE TABLE migration (
    number   INTEGER PRIMARY KEY,
    checksum BLOB NOT NULL CHECK (length(checksum) = 32)
) STRICT;

-- The current version of each document. base: the last version before it that both sites had.
CREATE TABLE document (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    epoch      INTEGER NOT NULL,
    n          INTEGER NOT NULL,
    write_id   BLOB    NOT NULL CHECK (length(write_id) = 16),
    base_epoch INTEGER,
    base_n     INTEGER,
    alone      INTEGER NOT NULL CHECK (alone IN (0, 1)),
    body       TEXT    NOT NULL,
    written_at TEXT    NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (kind, id),
    CHECK ((base_epoch IS NULL) = (base_n IS NULL))
) STRICT;

-- What is to become the current version, as soon as both sites have it here.
CREATE TABLE proposal (
    kind           TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    epoch          INTEGER NOT NULL,
    n              INTEGER NOT NULL,
    write_id       BLOB    NOT NULL CHECK (length(write_id) = 16),
    expected_epoch INTEGER,
    expected_n     INTEGER,
    body           TEXT    NOT NULL,
    proposed_at    TEXT    NOT NULL,
    hash           BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (kind, id),
    CHECK ((expected_epoch IS NULL) = (expected_n IS NULL))
) STRICT;

-- The newest term of each group; that its holder lives is said by a lock beside this file.
CREATE TABLE term (
    group_id  BLOB    PRIMARY KEY CHECK (length(group_id) = 16),
    number    INTEGER NOT NULL,
    operation BLOB    NOT NULL CHECK (length(operation) = 16),
    holder    TEXT    NOT NULL,
    since     TEXT    NOT NULL,
    released  INTEGER NOT NULL CHECK (released IN (0, 1))
) STRICT;

-- text is canonical JSON; head is the hash of the last record, or of text before there is one.
CREATE TABLE operation (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
    group_id      BLOB    NOT NULL CHECK (length(group_id) = 16),
    home          TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    hash          BLOB    NOT NULL CHECK (length(hash) = 32),
    last_sequence INTEGER NOT NULL,
    head          BLOB    NOT NULL CHECK (length(head) = 32)
) STRICT;

CREATE INDEX operation_of_group ON operation (group_id);

-- Append-only. hash covers the hash before it and text.
CREATE TABLE record (
    operation BLOB    NOT NULL REFERENCES operation (id),
    sequence  INTEGER NOT NULL CHECK (sequence > 0),
    text      TEXT    NOT NULL,
    hash      BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (operation, sequence)
) STRICT, WITHOUT ROWID;
