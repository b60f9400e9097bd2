-- What changes with every record stands apart from an operation's text, which is long and never changes: a row that is
-- written is written whole.

-- head is the hash of the last record, or of the operation's text before there is one.
CREATE TABLE chain (
    operation     BLOB    PRIMARY KEY REFERENCES operation (id),
    last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0),
    head          BLOB    NOT NULL CHECK (length(head) = 32)
) STRICT, WITHOUT ROWID;

INSERT INTO chain (operation, last_sequence, head) SELECT id, last_sequence, head FROM operation;

ALTER TABLE operation DROP COLUMN last_sequence;
ALTER TABLE operation DROP COLUMN head;
