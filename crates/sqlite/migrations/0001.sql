-- The first format: resources with their keys, members, events, documents.

CREATE TABLE tenant (
    tenant_id INTEGER PRIMARY KEY,
    name      TEXT    NOT NULL UNIQUE
) STRICT;

-- Attributes and resource types by their names: the numbers of a process never reach the disk.
CREATE TABLE attribute (
    no   INTEGER PRIMARY KEY,
    path TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE kind (
    no   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

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

-- value_key has no foreign key on purpose: its rows change with the body under one rev.
CREATE TABLE value_key (
    tenant_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    rid       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, attribute, key, rid)
) STRICT, WITHOUT ROWID;

-- The primary key is the rule: one resource of a kind has a value.
CREATE TABLE unique_key (
    tenant_id INTEGER NOT NULL,
    kind      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    rid       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, attribute, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    tenant_id  INTEGER NOT NULL,
    group_rid  INTEGER NOT NULL REFERENCES resource,
    member_rid INTEGER NOT NULL REFERENCES resource,
    PRIMARY KEY (tenant_id, group_rid, member_rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_of ON member (member_rid, group_rid);

CREATE TABLE feed (
    tenant_id   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    resource_id BLOB    NOT NULL,
    version     INTEGER NOT NULL,
    payload     BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT;

CREATE TABLE feed_head (
    tenant_id INTEGER PRIMARY KEY,
    next_seq  INTEGER NOT NULL
) STRICT;

CREATE TABLE document (
    tenant_id INTEGER NOT NULL,
    key       TEXT    NOT NULL,
    rev       INTEGER NOT NULL,
    body      BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;
