-- The first format: resources with their keys, members, events, documents.

-- "PROV": the file is ours, and not another program's.
PRAGMA application_id = 1347571542;

-- What all keys were made by; see reindex.rs.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Attributes and resource types by their names: the numbers of a process never reach the disk.
CREATE TABLE attribute (
    no   INTEGER PRIMARY KEY,
    path TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE kind (
    no   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE tenant (
    tenant_id INTEGER PRIMARY KEY,
    name      TEXT    NOT NULL UNIQUE
) STRICT;

-- rid is how other tables name a resource; the id is what clients know.
CREATE TABLE resource (
    rid       INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenant,
    id        BLOB    NOT NULL,
    kind      INTEGER NOT NULL REFERENCES kind,
    version   INTEGER NOT NULL,
    rev       INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    format    INTEGER NOT NULL,
    label     TEXT    NOT NULL,
    body      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX resource_id ON resource (tenant_id, id);
CREATE INDEX resource_kind ON resource (tenant_id, kind, id);
CREATE INDEX resource_version ON resource (tenant_id, kind, version, id);

-- No foreign key, on purpose: keys change with the body under one rev. The id stands in the key, so
-- that what has one value is found in the order of pages and counted without a look at resources.
CREATE TABLE value_key (
    tenant_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    id        BLOB    NOT NULL,
    rid       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, attribute, key, id)
) STRICT, WITHOUT ROWID;

-- The primary key is the rule: one resource of a kind has a value.
CREATE TABLE unique_key (
    tenant_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    id        BLOB    NOT NULL,
    rid       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, attribute, key)
) STRICT, WITHOUT ROWID;

-- A rid belongs to one tenant, and so does a membership. Both foreign keys lead an index: a resource
-- that goes is looked for on both sides.
CREATE TABLE member (
    group_rid   INTEGER NOT NULL REFERENCES resource,
    member_id   BLOB    NOT NULL,
    member_rid  INTEGER NOT NULL REFERENCES resource,
    member_kind INTEGER NOT NULL,
    PRIMARY KEY (group_rid, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_of ON member (member_rid, group_rid);

-- Hashes, apart from bodies and events: what they belong to is read and followed without them.
CREATE TABLE secret (
    rid       INTEGER NOT NULL REFERENCES resource,
    attribute INTEGER NOT NULL REFERENCES attribute,
    hash      BLOB    NOT NULL,
    PRIMARY KEY (rid, attribute)
) STRICT, WITHOUT ROWID;

-- added and removed are ids of 16 bytes, one after the other.
CREATE TABLE feed (
    tenant_id   INTEGER NOT NULL REFERENCES tenant,
    seq         INTEGER NOT NULL,
    resource_id BLOB    NOT NULL,
    kind        INTEGER NOT NULL REFERENCES kind,
    version     INTEGER NOT NULL,
    act         TEXT    NOT NULL CHECK (act IN ('created', 'changed', 'deleted')),
    format      INTEGER NOT NULL,
    cause       TEXT    NOT NULL,
    change      BLOB    NOT NULL,
    added       BLOB    NOT NULL,
    removed     BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT;

-- The highest version of the tenant, and what it was when something last went; see Store::last_removal.
CREATE TABLE feed_head (
    tenant_id    INTEGER PRIMARY KEY REFERENCES tenant,
    next_seq     INTEGER NOT NULL,
    last_version INTEGER NOT NULL DEFAULT 0,
    last_removal INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE document (
    tenant_id INTEGER NOT NULL REFERENCES tenant,
    key       TEXT    NOT NULL,
    rev       INTEGER NOT NULL,
    body      BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;
