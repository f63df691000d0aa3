-- The audit trail, the trash, and how many resources there are.

-- A row says who did what to whom; what was before and after a change of a resource is in the event.
CREATE TABLE audit (
    tenant_id   INTEGER NOT NULL REFERENCES tenant,
    place       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    category    TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL CHECK (outcome IN ('done', 'refused')),
    actor       TEXT    NOT NULL,
    run_as      TEXT,
    request     TEXT    NOT NULL,
    source      TEXT,
    target_id   TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    detail      BLOB    NOT NULL,
    event       INTEGER,
    PRIMARY KEY (tenant_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_target ON audit (tenant_id, target_id, place);
CREATE INDEX audit_at ON audit (tenant_id, at, place);
CREATE INDEX audit_category ON audit (tenant_id, category, place);

ALTER TABLE feed_head ADD COLUMN next_audit INTEGER NOT NULL DEFAULT 1;

-- What was deleted and can come back under its id. groups_of and members are ids of 16 bytes, one
-- after the other.
CREATE TABLE trash (
    tenant_id  INTEGER NOT NULL REFERENCES tenant,
    id         BLOB    NOT NULL,
    kind       INTEGER NOT NULL REFERENCES kind,
    version    INTEGER NOT NULL,
    keep_until INTEGER NOT NULL,
    format     INTEGER NOT NULL,
    label      TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    groups_of  BLOB    NOT NULL,
    members    BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trash_keep_until ON trash (tenant_id, keep_until);

-- How many resources of a kind a tenant has: counting them takes longer than a creation may.
CREATE TABLE population (
    tenant_id INTEGER NOT NULL REFERENCES tenant,
    kind      INTEGER NOT NULL REFERENCES kind,
    resources INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO population SELECT tenant_id, kind, count(*) FROM resource GROUP BY tenant_id, kind;
