CREATE TABLE IF NOT EXISTS secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS generation (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    params TEXT NOT NULL,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    idempotency_key TEXT,
    client_request_id TEXT,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    final INTEGER,
    settled_status TEXT CHECK (settled_status IN ('succeeded', 'failed')),
    fails INTEGER NOT NULL,
    result_names TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    starts_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    account TEXT NOT NULL DEFAULT 'sandbox',
    -- Scheme and host of the submitter, with which the links in its event begin.
    origin TEXT NOT NULL DEFAULT 'http://127.0.0.1:8001',
    -- How it departs from an ordinary one, as JSON; NULL for an ordinary one.
    fate TEXT
);
CREATE INDEX IF NOT EXISTS generation_by_key ON generation (idempotency_key, created_ms);
CREATE INDEX IF NOT EXISTS generation_due ON generation (ends_ms) WHERE settled_status IS NULL;

CREATE TABLE IF NOT EXISTS file (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    extension TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    duration_seconds REAL,
    duration_token TEXT,
    model TEXT,
    client_request_id TEXT,
    created_ms INTEGER NOT NULL,
    account TEXT NOT NULL DEFAULT 'sandbox'
);

CREATE TABLE IF NOT EXISTS chat_session (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    account TEXT NOT NULL
);

-- The answer is known at once and shown from ends_ms, or when it was delivered before.
CREATE TABLE IF NOT EXISTS chat_turn (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES chat_session (id),
    model TEXT NOT NULL,
    route TEXT NOT NULL,
    idempotency_key TEXT,
    body TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    message_id TEXT NOT NULL,
    message TEXT NOT NULL,
    attachments TEXT NOT NULL,
    answer_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    final INTEGER NOT NULL CHECK (final BETWEEN 0 AND reserved),
    is_settled INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL,
    account TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS chat_turn_by_key ON chat_turn (account, idempotency_key, created_ms);
CREATE INDEX IF NOT EXISTS chat_turn_by_session ON chat_turn (session_id);
CREATE INDEX IF NOT EXISTS chat_turn_due ON chat_turn (ends_ms) WHERE is_settled = 0;

-- The wallet of an account is the sum of its rows. Rows are only ever added.
CREATE TABLE IF NOT EXISTS ledger (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('opening', 'reserve', 'settle', 'refund')),
    generation_id TEXT NOT NULL, -- of a generation or a chat turn
    amount INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    account TEXT NOT NULL DEFAULT 'sandbox',
    UNIQUE (generation_id, kind)
);
CREATE TRIGGER IF NOT EXISTS ledger_keeps_rows BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ledger_loses_nothing BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE IF NOT EXISTS webhook_endpoint (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    event_types TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled', 'revoked')),
    secret TEXT NOT NULL,
    failure_count INTEGER NOT NULL DEFAULT 0,
    last_success_ms INTEGER,
    last_failure_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    disabled_ms INTEGER,
    revoked_ms INTEGER
);
CREATE INDEX IF NOT EXISTS webhook_endpoint_of_account ON webhook_endpoint (account, created_ms);

-- One per ended generation; test events belong to none. `body` is sent as it stands.
CREATE TABLE IF NOT EXISTS webhook_event (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('generation.succeeded', 'generation.failed')),
    generation_id TEXT UNIQUE,
    body TEXT NOT NULL,
    fault TEXT,
    created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_event_of_account ON webhook_event (account, created_ms);

-- One row per attempt. A pending row that is not claimed is the queue.
CREATE TABLE IF NOT EXISTS webhook_delivery (
    id TEXT PRIMARY KEY,
    endpoint_id TEXT NOT NULL REFERENCES webhook_endpoint (id),
    event_id TEXT NOT NULL REFERENCES webhook_event (id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'succeeded', 'failed')),
    is_claimed INTEGER NOT NULL DEFAULT 0,
    signature TEXT NOT NULL DEFAULT 'good' CHECK (signature IN ('good', 'bad', 'old')),
    waits_for_next INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL,
    next_attempt_ms INTEGER,
    response_status INTEGER,
    error TEXT,
    duration_ms INTEGER,
    created_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_delivery_due ON webhook_delivery (due_ms)
WHERE status = 'pending' AND is_claimed = 0;
CREATE INDEX IF NOT EXISTS webhook_delivery_of_endpoint
ON webhook_delivery (endpoint_id, created_ms);
CREATE INDEX IF NOT EXISTS webhook_delivery_of_event ON webhook_delivery (event_id);

-- Scenarios that are switched on, by key; '*' is every request.
CREATE TABLE IF NOT EXISTS scenario_switch (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    scenario TEXT NOT NULL,
    settings TEXT NOT NULL,
    seen INTEGER NOT NULL DEFAULT 0,
    met INTEGER NOT NULL DEFAULT 0
);

-- States that replace those the keys begin with.
CREATE TABLE IF NOT EXISTS key_state (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'revoked', 'expired'))
);

-- How far the clock was set forward, in milliseconds.
CREATE TABLE IF NOT EXISTS clock (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    ahead_ms INTEGER NOT NULL
);
