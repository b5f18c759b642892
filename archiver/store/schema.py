"""Tables of the archive file: plain, with real columns and foreign keys, so that any SQLite browser shows them well."""

VERSION = 3
"""Grows with every change of the tables."""

# Times are microseconds since 1970-01-01T00:00:00Z: `created` the earliest and `created_latest` the latest instant
# they can mean. `capture` is the newest capture that saw the row; `older` names, as JSON, the columns whose value
# comes from an older one. `archive` has one row: what tells this file from others, the number of its last import, what
# pseudonyms are made with, and what was purged last; `changed` says which import last changed a thread (in `post`), or
# what else has pages of its own.
TABLES = """
CREATE TABLE archive (
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    secret TEXT,
    purged TEXT
);
INSERT INTO archive VALUES (lower(hex(randomblob(16))), 0, lower(hex(randomblob(32))), NULL);
CREATE TABLE changed (
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, host, name)
) WITHOUT ROWID;
CREATE TABLE capture (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    member TEXT NOT NULL,
    size INTEGER NOT NULL,
    format TEXT NOT NULL,
    captured INTEGER, captured_latest INTEGER, captured_words TEXT,
    newest INTEGER,
    imported INTEGER NOT NULL,
    posts INTEGER NOT NULL DEFAULT 0,
    comments INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    UNIQUE (sha256, member)
);
CREATE TABLE skip (
    capture INTEGER NOT NULL REFERENCES capture (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    line INTEGER,
    detail TEXT,
    PRIMARY KEY (capture, reason)
) WITHOUT ROWID;
CREATE TABLE site (
    host TEXT PRIMARY KEY,
    platform TEXT NOT NULL,
    version TEXT, name TEXT, sidebar TEXT, sidebar_format TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id), older TEXT
) WITHOUT ROWID;
CREATE TABLE community (
    host TEXT NOT NULL REFERENCES site (host),
    name TEXT NOT NULL COLLATE NOCASE,
    title TEXT, sidebar TEXT, sidebar_format TEXT, summary TEXT,
    readers INTEGER, active_users INTEGER,
    founded INTEGER, founded_latest INTEGER, founded_words TEXT,
    moderators TEXT, nsfw INTEGER, state TEXT, source_url TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id), older TEXT,
    PRIMARY KEY (host, name)
) WITHOUT ROWID;
CREATE TABLE person (
    host TEXT NOT NULL REFERENCES site (host),
    name TEXT NOT NULL COLLATE NOCASE,
    display_name TEXT, bot INTEGER,
    created INTEGER, created_latest INTEGER, created_words TEXT,
    source_url TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id), older TEXT,
    PRIMARY KEY (host, name)
) WITHOUT ROWID;
CREATE TABLE post (
    key INTEGER PRIMARY KEY,
    host TEXT NOT NULL REFERENCES site (host),
    id TEXT NOT NULL,
    community TEXT COLLATE NOCASE, author TEXT COLLATE NOCASE,
    title TEXT, url TEXT, body TEXT, body_format TEXT,
    created INTEGER, created_latest INTEGER, created_words TEXT,
    edited INTEGER, edited_latest INTEGER, edited_words TEXT,
    score INTEGER, upvotes INTEGER, downvotes INTEGER, ratio REAL,
    state TEXT, locked INTEGER, pinned INTEGER, nsfw INTEGER, spoiler INTEGER,
    flair TEXT, role TEXT, bot INTEGER, crosspost_of TEXT, declared_comments INTEGER,
    source_url TEXT, language TEXT, nesting TEXT, captured_order TEXT, offered_orders TEXT,
    newest_comment INTEGER, newest_comment_latest INTEGER, newest_comment_words TEXT,
    media TEXT, poll TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id), older TEXT,
    changed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (host, id)
);
CREATE INDEX post_by_change ON post (changed);
CREATE INDEX post_by_community ON post (host, community);
CREATE INDEX post_by_author ON post (host, author) WHERE author IS NOT NULL;
CREATE TABLE comment (
    post INTEGER NOT NULL REFERENCES post (key),
    id TEXT NOT NULL,
    parent TEXT,
    author TEXT COLLATE NOCASE,
    body TEXT, body_format TEXT,
    created INTEGER, created_latest INTEGER, created_words TEXT,
    edited INTEGER, edited_latest INTEGER, edited_words TEXT,
    score INTEGER, upvotes INTEGER, downvotes INTEGER, score_hidden INTEGER,
    state TEXT, op INTEGER, role TEXT, bot INTEGER, distinguished INTEGER,
    pinned INTEGER, locked INTEGER, collapsed INTEGER, flair TEXT,
    declared_children INTEGER, declared_descendants INTEGER, position INTEGER,
    source_url TEXT, language TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id), older TEXT,
    PRIMARY KEY (post, id)
) WITHOUT ROWID;
CREATE INDEX comment_by_author ON comment (author, post) WHERE author IS NOT NULL;
CREATE TABLE gap (
    post INTEGER NOT NULL REFERENCES post (key),
    parent TEXT NOT NULL,
    ids TEXT NOT NULL,
    count INTEGER,
    source_url TEXT,
    capture INTEGER NOT NULL REFERENCES capture (id),
    PRIMARY KEY (post, parent, ids)
) WITHOUT ROWID;
CREATE VIEW threads AS
SELECT post.host, post.community, post.id, post.title, post.author, post.url, post.body,
    strftime('%Y-%m-%dT%H:%M:%SZ', post.created / 1000000, 'unixepoch') AS created,
    post.score, post.upvotes, post.downvotes, post.state,
    (SELECT count(*) FROM comment WHERE comment.post = post.key) AS comments, post.declared_comments,
    capture.name AS dump
FROM post JOIN capture ON capture.id = post.capture;
CREATE VIEW comments AS
SELECT post.host, post.id AS thread, comment.id, comment.parent, comment.author, comment.body,
    strftime('%Y-%m-%dT%H:%M:%SZ', comment.created / 1000000, 'unixepoch') AS created,
    comment.score, comment.upvotes, comment.downvotes, comment.state, capture.name AS dump
FROM comment JOIN post ON post.key = comment.post JOIN capture ON capture.id = comment.capture;
"""
