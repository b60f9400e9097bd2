-- Facts about the world itself: seed, counters, the clock's anchor.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Everything that exists, as the JSON of whatever simulates it. `scope` is the site or array that holds it.
CREATE TABLE record (
    kind     TEXT NOT NULL,
    scope    TEXT NOT NULL,
    id       TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, scope, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_by_sequence ON record (kind, scope, sequence);

-- By what else records are found.
CREATE TABLE record_key (
    kind  TEXT NOT NULL,
    scope TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    id    TEXT NOT NULL,
    PRIMARY KEY (kind, scope, name, value, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_key_by_id ON record_key (kind, scope, id);

-- What is going to happen, and when (nanoseconds since 1970, world time).
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    due      INTEGER NOT NULL,
    scope    TEXT NOT NULL,
    name     TEXT NOT NULL,
    subject  TEXT NOT NULL
) STRICT;

CREATE INDEX event_by_due ON event (due, sequence);
CREATE INDEX event_by_subject ON event (scope, name, subject);

-- What arrays hold: the bytes of an extent, each content once, without the zeros at its end. The id is their SHA-256.
CREATE TABLE extent (
    id    BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Which extents make up a volume or a snapshot: trees of up to 256 entries a node (one byte of the number, then an id). They
-- never change; the id is the SHA-256 of the entries.
CREATE TABLE extent_map (
    id      BLOB PRIMARY KEY,
    entries BLOB NOT NULL
) STRICT;
