SELECT lower(table_name), lower(column_name) FROM information_schema.columns WHERE lower(table_schema) = 'common_room';

BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ;

DO $do$ BEGIN IF to_regnamespace('"common_room"') IS NULL THEN CREATE SCHEMA "common_room"; END IF; END $do$;

CREATE TABLE IF NOT EXISTS "common_room"."state_version" (
  "version" integer,
  "migrated_at" timestamp with time zone,
  "package" text
);

CREATE TABLE IF NOT EXISTS "common_room"."room_activity_types" (
  "id" text,
  "name" text,
  "display_name" text,
  "read_at" timestamp with time zone
);

CREATE TABLE IF NOT EXISTS "common_room"."room_custom_fields" (
  "id" bigint,
  "name" text,
  "type" text,
  "multivalue" boolean,
  "accepted_values" text,
  "writable" boolean,
  "read_at" timestamp with time zone
);

CREATE TABLE IF NOT EXISTS "common_room"."room_segments" (
  "id" bigint,
  "name" text,
  "read_at" timestamp with time zone
);

CREATE TABLE IF NOT EXISTS "common_room"."room_segment_statuses" (
  "segment_id" bigint,
  "id" bigint,
  "name" text,
  "read_at" timestamp with time zone
);

CREATE TABLE IF NOT EXISTS "common_room"."room_tags" (
  "id" text,
  "name" text,
  "description" text,
  "entity_types" text,
  "created_at" timestamp with time zone,
  "read_at" timestamp with time zone
);

CREATE TABLE IF NOT EXISTS "common_room"."sync_ledger" (
  "sync" text,
  "key" text,
  "partition" text,
  "fingerprint" text,
  "delivered_fingerprint" text,
  "row_hash" bigint,
  "row_hash_version" text,
  "status" text,
  "attempts" integer,
  "not_found_runs" integer,
  "http_status" integer,
  "reason_code" text,
  "field" text,
  "message" text,
  "email_hash" text,
  "suppressed_for" text,
  "first_sent_at" timestamp with time zone,
  "last_sent_at" timestamp with time zone,
  "run_id" text,
  "absent_since" timestamp with time zone
);

CREATE INDEX ON "common_room"."sync_ledger" ("sync", "key");

CREATE INDEX ON "common_room"."sync_ledger" ("sync", "partition", "key");

CREATE TABLE IF NOT EXISTS "common_room"."sync_outcomes" (
  "sync" text,
  "key" text,
  "partition" text,
  "fingerprint" text,
  "row_hash" bigint,
  "row_hash_version" text,
  "status" text,
  "attempts" integer,
  "http_status" integer,
  "reason_code" text,
  "field" text,
  "message" text,
  "email_hash" text,
  "suppressed_for" text,
  "sent_at" timestamp with time zone,
  "recorded_at" timestamp with time zone,
  "run_id" text
);

CREATE INDEX ON "common_room"."sync_outcomes" ("sync");

CREATE TABLE IF NOT EXISTS "common_room"."sync_intents" (
  "sync" text,
  "partition" text,
  "key" text,
  "run_id" text
);

CREATE INDEX ON "common_room"."sync_intents" ("sync", "partition");

CREATE OR REPLACE VIEW "common_room"."rejected_rows" AS
SELECT
  sync, key, "partition", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM "common_room"."sync_ledger"
WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL;

CREATE TABLE IF NOT EXISTS "common_room"."sync_runs" (
  "run_id" text,
  "sync" text,
  "partition" text,
  "state" text,
  "stopped_by" text,
  "host" text,
  "process" integer,
  "started_at" timestamp with time zone,
  "heartbeat_at" timestamp with time zone,
  "finished_at" timestamp with time zone,
  "suppression_version" bigint,
  "resync" text,
  "source_rows" bigint,
  "delivered" bigint,
  "unchanged" bigint,
  "invalid" bigint,
  "rejected" bigint,
  "failed" bigint,
  "suppressed" bigint,
  "unknown" bigint,
  "not_sent" bigint,
  "changed_after_delivery" bigint,
  "deleted_remotely" bigint,
  "deletions" bigint,
  "absent_from_source" bigint,
  "offered" bigint,
  "offered_new" bigint,
  "requests" bigint,
  "rate_limited" bigint,
  "retries" bigint,
  "rate_limit" bigint,
  "interval_seconds" double precision,
  "rate_used" double precision,
  "seconds" double precision
);

CREATE INDEX ON "common_room"."sync_runs" ("sync");

CREATE TABLE IF NOT EXISTS "common_room"."pii_removals" (
  "request_id" text,
  "source_hash" text,
  "email_hash" text,
  "email" text,
  "status" text,
  "requested_at" timestamp with time zone,
  "seen_at" timestamp with time zone,
  "submitted_at" timestamp with time zone,
  "due_at" timestamp with time zone,
  "check_at" timestamp with time zone,
  "checked_at" timestamp with time zone,
  "verified_at" timestamp with time zone,
  "offers" integer,
  "attempts" integer,
  "retry_at" timestamp with time zone,
  "http_status" integer,
  "reason_code" text,
  "message" text,
  "lifted_at" timestamp with time zone,
  "lifted_reason" text,
  "run_id" text
);

CREATE TABLE IF NOT EXISTS "common_room"."known_addresses" (
  "sync" text,
  "key" text,
  "source_id" bigint,
  "person" text,
  "email_hash" text,
  "noted_at" timestamp with time zone
);

CREATE INDEX ON "common_room"."known_addresses" ("email_hash");

CREATE INDEX ON "common_room"."known_addresses" ("sync", "key");

CREATE TABLE IF NOT EXISTS "common_room"."former_addresses" (
  "sync" text,
  "key" text,
  "email_hash" text,
  "replaced_at" timestamp with time zone
);

CREATE INDEX ON "common_room"."former_addresses" ("email_hash");

INSERT INTO "common_room"."state_version" ("version", "migrated_at", "package")
VALUES (2, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), '0.1.0');

COMMIT;

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'contacts'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'contacts'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'contacts' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'contacts', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'contacts' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'contacts' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS key, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS hashed;

ANALYZE cr_source_keys;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

ANALYZE cr_duplicates;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS bigint) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 574270c4' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

ANALYZE cr_unsettled;

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 574270c4' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i ON i.key = s.key;

ANALYZE cr_compared;

CREATE TEMPORARY TABLE cr_refreshed (key text, row_hash bigint, why text);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) = c.was_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

ANALYZE cr_offered;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE key LIKE 'sha256:%' LIMIT 1;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 574270c4' FROM cr_refreshed AS r WHERE sync = 'contacts' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'contacts' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND absent_since IS NOT NULL LIMIT 1;

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'contacts' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT count(CASE WHEN status IS NULL OR status <> 'invalid' THEN 1 END) + count(lifted_at) FROM "common_room"."pii_removals";

SELECT * FROM (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) AS erased;

SELECT DISTINCT person, email_hash FROM "common_room"."known_addresses" WHERE source_id = 1 AND person IS NOT NULL AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'contacts' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'contacts' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'it''s'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'it''s'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'it''s' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'it''s', '2026-01-01', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'all');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS key, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) OR "seen_at" IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 574270c4' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2026-01-01';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 574270c4' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) = c.was_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5;

SELECT o.key, o.why, md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS text) || ',' END || CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS text) || ',' END || CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("custom_fields" COLLATE "C", "email" COLLATE "C", "full_name" COLLATE "C", "id" COLLATE "C", "tags" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 574270c4' FROM cr_refreshed AS r WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'it''s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('it''s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'it''s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'it''s' AND "partition" = '2026-01-01'
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'activities'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'activities' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'activities'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'activities' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'activities' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'activities', '2025-12-31', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("activity_type" AS text), 'UTF8')), 'hex') ELSE CAST("activity_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END) AS text) || ']' END AS key, hash_record_extended(ROW("activity_type" COLLATE "C", "content" COLLATE "C", "content_format" COLLATE "C", "id" COLLATE "C", "parent_activity_type" COLLATE "C", "parent_id" COLLATE "C", "sub_source" COLLATE "C", "tags" COLLATE "C", "timestamp", "title" COLLATE "C", "url" COLLATE "C", "user_avatar_url" COLLATE "C", "user_bio" COLLATE "C", "user_city" COLLATE "C", "user_company_domain" COLLATE "C", "user_company_name" COLLATE "C", "user_country" COLLATE "C", "user_custom_fields" COLLATE "C", "user_discord" COLLATE "C", "user_email" COLLATE "C", "user_external_profiles" COLLATE "C", "user_first_name" COLLATE "C", "user_full_name" COLLATE "C", "user_github" COLLATE "C", "user_id" COLLATE "C", "user_last_name" COLLATE "C", "user_linkedin" COLLATE "C", "user_raw_location" COLLATE "C", "user_region" COLLATE "C", "user_role_at_company" COLLATE "C", "user_tags" COLLATE "C", "user_title_at_company" COLLATE "C", "user_twitter" COLLATE "C", "user_username" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS timestamp without time zone) AND "timestamp" < CAST('2026-01-01 00:00:00' AS timestamp without time zone) OR "timestamp" IS NULL) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 1c43872c' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2025-12-31';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 1c43872c' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("activity_type" AS text), 'UTF8')), 'hex') ELSE CAST("activity_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END) AS text) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS timestamp without time zone) AND "timestamp" < CAST('2026-01-01 00:00:00' AS timestamp without time zone) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS text) || ',' END || CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS text) || ',' END || CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS text) || ',' END || CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS text) || ',' END || CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END || CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS text) || ',' END || CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS text) || ',' END || CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS text) || ',' END || CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS text) || ',' END || CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS text) || ',' END || CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS text) || ',' END || CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS text) || ',' END || CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS text) || ',' END || CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS text) || ',' END || CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS text) || ',' END || CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS text) || ',' END || CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS text) || ',' END || CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS text) || ',' END || CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS text) || ',' END || CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS text) || ',' END || CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS text) || ',' END || CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS text) || ',' END || CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS text) || ',' END || CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS text) || ',' END || CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS text) || ',' END || CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS text) || ',' END || CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS text) || ',' END || CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS text) || ',' END || CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS text) || ',' END || CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS text) || ',' END || CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS text) || ',' END) = c.was_fingerprint;

SELECT o.key, o.why, md5(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS text) || ',' END || CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS text) || ',' END || CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS text) || ',' END || CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS text) || ',' END || CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END || CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS text) || ',' END || CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS text) || ',' END || CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS text) || ',' END || CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS text) || ',' END || CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS text) || ',' END || CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS text) || ',' END || CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS text) || ',' END || CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS text) || ',' END || CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS text) || ',' END || CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS text) || ',' END || CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS text) || ',' END || CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS text) || ',' END || CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS text) || ',' END || CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS text) || ',' END || CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS text) || ',' END || CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS text) || ',' END || CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS text) || ',' END || CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS text) || ',' END || CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS text) || ',' END || CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS text) || ',' END || CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS text) || ',' END || CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS text) || ',' END || CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS text) || ',' END || CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS text) || ',' END || CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS text) || ',' END || CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("activity_type" COLLATE "C", "content" COLLATE "C", "content_format" COLLATE "C", "id" COLLATE "C", "parent_activity_type" COLLATE "C", "parent_id" COLLATE "C", "sub_source" COLLATE "C", "tags" COLLATE "C", "timestamp", "title" COLLATE "C", "url" COLLATE "C", "user_avatar_url" COLLATE "C", "user_bio" COLLATE "C", "user_city" COLLATE "C", "user_company_domain" COLLATE "C", "user_company_name" COLLATE "C", "user_country" COLLATE "C", "user_custom_fields" COLLATE "C", "user_discord" COLLATE "C", "user_email" COLLATE "C", "user_external_profiles" COLLATE "C", "user_first_name" COLLATE "C", "user_full_name" COLLATE "C", "user_github" COLLATE "C", "user_id" COLLATE "C", "user_last_name" COLLATE "C", "user_linkedin" COLLATE "C", "user_raw_location" COLLATE "C", "user_region" COLLATE "C", "user_role_at_company" COLLATE "C", "user_tags" COLLATE "C", "user_title_at_company" COLLATE "C", "user_twitter" COLLATE "C", "user_username" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "activity_type" AS "value_activity_type", "timestamp" AS "value_timestamp", "user_id" AS "value_user_id", "user_full_name" AS "value_user_full_name", "user_first_name" AS "value_user_first_name", "user_last_name" AS "value_user_last_name", "user_username" AS "value_user_username", "user_avatar_url" AS "value_user_avatar_url", "user_bio" AS "value_user_bio", "user_email" AS "value_user_email", "user_linkedin" AS "value_user_linkedin", "user_github" AS "value_user_github", "user_twitter" AS "value_user_twitter", "user_discord" AS "value_user_discord", "user_external_profiles" AS "value_user_external_profiles", "user_role_at_company" AS "value_user_role_at_company", "user_title_at_company" AS "value_user_title_at_company", "user_company_name" AS "value_user_company_name", "user_company_domain" AS "value_user_company_domain", "user_country" AS "value_user_country", "user_city" AS "value_user_city", "user_region" AS "value_user_region", "user_raw_location" AS "value_user_raw_location", "user_tags" AS "value_user_tags", "user_custom_fields" AS "value_user_custom_fields", "title" AS "value_title", "content" AS "value_content", "content_format" AS "value_content_format", "url" AS "value_url", "sub_source" AS "value_sub_source", "parent_id" AS "value_parent_id", "parent_activity_type" AS "value_parent_activity_type", "tags" AS "value_tags" FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("activity_type" AS text), 'UTF8')), 'hex') ELSE CAST("activity_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END) AS text) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS timestamp without time zone) AND "timestamp" < CAST('2026-01-01 00:00:00' AS timestamp without time zone) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS text) || ',' END || CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS text) || ',' END || CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS text) || ',' END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS text) || ',' END || CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS text) || ',' END || CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS text) || ',' END || CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS text) || ',' END || CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS text) || ',' END || CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS text) || ',' END || CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS text) || ',' END || CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS text) || ',' END || CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS text) || ',' END || CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS text) || ',' END || CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS text) || ',' END || CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS text) || ',' END || CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS text) || ',' END || CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS text) || ',' END || CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS text) || ',' END || CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS text) || ',' END || CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS text) || ',' END || CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS text) || ',' END || CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS text) || ',' END || CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS text) || ',' END || CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS text) || ',' END || CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS text) || ',' END || CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS text) || ',' END || CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS text) || ',' END || CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS text) || ',' END || CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS text) || ',' END || CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS text) || ',' END || CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS text) || ',' END || CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS text) || ',' END || CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("activity_type" COLLATE "C", "content" COLLATE "C", "content_format" COLLATE "C", "id" COLLATE "C", "parent_activity_type" COLLATE "C", "parent_id" COLLATE "C", "sub_source" COLLATE "C", "tags" COLLATE "C", "timestamp", "title" COLLATE "C", "url" COLLATE "C", "user_avatar_url" COLLATE "C", "user_bio" COLLATE "C", "user_city" COLLATE "C", "user_company_domain" COLLATE "C", "user_company_name" COLLATE "C", "user_country" COLLATE "C", "user_custom_fields" COLLATE "C", "user_discord" COLLATE "C", "user_email" COLLATE "C", "user_external_profiles" COLLATE "C", "user_first_name" COLLATE "C", "user_full_name" COLLATE "C", "user_github" COLLATE "C", "user_id" COLLATE "C", "user_last_name" COLLATE "C", "user_linkedin" COLLATE "C", "user_raw_location" COLLATE "C", "user_region" COLLATE "C", "user_role_at_company" COLLATE "C", "user_tags" COLLATE "C", "user_title_at_company" COLLATE "C", "user_twitter" COLLATE "C", "user_username" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "activity_type" AS "value_activity_type", "timestamp" AS "value_timestamp", "user_id" AS "value_user_id", "user_full_name" AS "value_user_full_name", "user_first_name" AS "value_user_first_name", "user_last_name" AS "value_user_last_name", "user_username" AS "value_user_username", "user_avatar_url" AS "value_user_avatar_url", "user_bio" AS "value_user_bio", "user_email" AS "value_user_email", "user_linkedin" AS "value_user_linkedin", "user_github" AS "value_user_github", "user_twitter" AS "value_user_twitter", "user_discord" AS "value_user_discord", "user_external_profiles" AS "value_user_external_profiles", "user_role_at_company" AS "value_user_role_at_company", "user_title_at_company" AS "value_user_title_at_company", "user_company_name" AS "value_user_company_name", "user_company_domain" AS "value_user_company_domain", "user_country" AS "value_user_country", "user_city" AS "value_user_city", "user_region" AS "value_user_region", "user_raw_location" AS "value_user_raw_location", "user_tags" AS "value_user_tags", "user_custom_fields" AS "value_user_custom_fields", "title" AS "value_title", "content" AS "value_content", "content_format" AS "value_content_format", "url" AS "value_url", "sub_source" AS "value_sub_source", "parent_id" AS "value_parent_id", "parent_activity_type" AS "value_parent_activity_type", "tags" AS "value_tags" FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("activity_type" AS text), 'UTF8')), 'hex') ELSE CAST("activity_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END) AS text) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS timestamp without time zone) AND "timestamp" < CAST('2026-01-01 00:00:00' AS timestamp without time zone) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 1c43872c' FROM cr_refreshed AS r WHERE sync = 'activities' AND "partition" = '2025-12-31' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'activities' AND "partition" = '2025-12-31' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'activities' AND "partition" = '2025-12-31' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'activities', '2025-12-31', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('activities', '@null 2025-12-31', '2025-12-31', 'invalid', 0, 'null_key', 'activity_type, id', '1 row without activity_type, id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'activities', d.key, '2025-12-31', 'invalid', 0, 'duplicate_key', 'activity_type, id', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'activities' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'activities' AND "partition" = '2025-12-31'
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'members'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'members' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'members'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'members' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'members' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'members', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'members' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'members' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("segment" AS text), 'UTF8')), 'hex') ELSE CAST("segment" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("social_type" AS text), 'UTF8')), 'hex') ELSE CAST("social_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("value" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("value" AS text), 'UTF8')), 'hex') ELSE CAST("value" AS text) END) AS text) || ']' END AS key, hash_record_extended(ROW("segment" COLLATE "C", "social_type" COLLATE "C", "status" COLLATE "C", "value" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 8b34007b' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'members' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 8b34007b' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'members' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("segment" AS text), 'UTF8')), 'hex') ELSE CAST("segment" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("social_type" AS text), 'UTF8')), 'hex') ELSE CAST("social_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("value" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("value" AS text), 'UTF8')), 'hex') ELSE CAST("value" AS text) END) AS text) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END || CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS text) || ',' END || CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS text) || ',' END || CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS text) || ',' END) = c.was_fingerprint;

SELECT o.key, o.why, md5(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END || CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS text) || ',' END || CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS text) || ',' END || CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("segment" COLLATE "C", "social_type" COLLATE "C", "status" COLLATE "C", "value" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "segment" AS "value_segment", "social_type" AS "value_social_type", "value" AS "value_value", "status" AS "value_status" FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("segment" AS text), 'UTF8')), 'hex') ELSE CAST("segment" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("social_type" AS text), 'UTF8')), 'hex') ELSE CAST("social_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("value" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("value" AS text), 'UTF8')), 'hex') ELSE CAST("value" AS text) END) AS text) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0 ORDER BY s."segment", s."social_type", s."status";

SELECT o.key, o.why, md5(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END || CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS text) || ',' END || CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS text) || ',' END || CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("segment" COLLATE "C", "social_type" COLLATE "C", "status" COLLATE "C", "value" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "segment" AS "value_segment", "social_type" AS "value_social_type", "value" AS "value_value", "status" AS "value_status" FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("segment" AS text), 'UTF8')), 'hex') ELSE CAST("segment" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("social_type" AS text), 'UTF8')), 'hex') ELSE CAST("social_type" AS text) END) AS text) || ',' || CAST(to_json(CASE WHEN CAST("value" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("value" AS text), 'UTF8')), 'hex') ELSE CAST("value" AS text) END) AS text) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1 ORDER BY s."segment", s."social_type", s."status";

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 8b34007b' FROM cr_refreshed AS r WHERE sync = 'members' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'members' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'members' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'members', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('members', '@null', '', 'invalid', 0, 'null_key', 'segment, social_type, value', '1 row without segment, social_type, value; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'members', d.key, '', 'invalid', 0, 'duplicate_key', 'segment, social_type, value', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'members' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'members' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'members' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'members' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'members' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'members' AND "partition" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'notes'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'notes' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'notes'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'notes' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'notes' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'notes', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'notes' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'notes' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS key, hash_record_extended(ROW("id" COLLATE "C", "note" COLLATE "C", "segment" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS hashed WHERE key IN ('1');

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 61ef0502' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 61ef0502' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS text) || ',' END || CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END) = c.was_fingerprint;

UPDATE cr_compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new', 'outdated', 'unknown') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS text) || ',' END || CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("id" COLLATE "C", "note" COLLATE "C", "segment" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "segment" AS "value_segment", "note" AS "value_note" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS text) || ',' END || CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS text) || ',' END || CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("id" COLLATE "C", "note" COLLATE "C", "segment" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "segment" AS "value_segment", "note" AS "value_note" FROM (SELECT CASE WHEN CAST("id" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("id" AS text), 'UTF8')), 'hex') ELSE CAST("id" AS text) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 61ef0502' FROM cr_refreshed AS r WHERE sync = 'notes' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'notes' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'notes' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('notes', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'notes', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'notes' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL) AND coalesce(l.status, '') NOT IN ('delivered', 'unknown');

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'notes' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'notes' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'notes' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'notes' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'notes' AND "partition" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'tags'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "common_room"."sync_ledger" AS l ON l.sync = 'tags' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'tags'
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    coalesce(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at",
    coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CAST(NULL AS timestamp with time zone) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'tags' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'tags' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'tags', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'tags' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'tags' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("name" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("name" AS text), 'UTF8')), 'hex') ELSE CAST("name" AS text) END AS key, hash_record_extended(ROW("description" COLLATE "C", "entity_types" COLLATE "C", "name" COLLATE "C"), 0) AS row_hash FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'postgresql 15, columns 9c9a0571' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'postgresql 15, columns 9c9a0571' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("name" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("name" AS text), 'UTF8')), 'hex') ELSE CAST("name" AS text) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS text) || ',' END || CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS text) || ',' END || CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS text) || ',' END) = c.was_fingerprint;

SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key;

UPDATE cr_compared SET why = 'missing' WHERE key IN ('deleted by hand');

SELECT count(*) FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l WHERE there IS NOT NULL;

SELECT key FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l WHERE there IS NOT NULL AND key NOT IN (SELECT key FROM cr_source_keys WHERE key IS NOT NULL) ORDER BY key;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS text) || ',' END || CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS text) || ',' END || CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("description" COLLATE "C", "entity_types" COLLATE "C", "name" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "name" AS "value_name", "description" AS "value_description", "entity_types" AS "value_entity_types" FROM (SELECT CASE WHEN CAST("name" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("name" AS text), 'UTF8')), 'hex') ELSE CAST("name" AS text) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS text) || ',' END || CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS text) || ',' END || CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS text) || ',' END) AS fingerprint, hash_record_extended(ROW("description" COLLATE "C", "entity_types" COLLATE "C", "name" COLLATE "C"), 0) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "name" AS "value_name", "description" AS "value_description", "entity_types" AS "value_entity_types" FROM (SELECT CASE WHEN CAST("name" AS text) LIKE '%@%' THEN 'sha256:' || encode(sha256(convert_to(CAST("name" AS text), 'UTF8')), 'hex') ELSE CAST("name" AS text) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'postgresql 15, columns 9c9a0571' FROM cr_refreshed AS r WHERE sync = 'tags' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS timestamp with time zone) WHERE sync = 'tags' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'tags' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'tags', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('tags', '@null', '', 'invalid', 0, 'null_key', 'name', '1 row without name; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'tags', d.key, '', 'invalid', 0, 'duplicate_key', 'name', CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS timestamp with time zone), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'tags' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS text) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'tags' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'tags' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run';

DELETE FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND key IN ('absent');

DELETE FROM "common_room"."room_segments" WHERE 1 = 1;

SELECT sync, "partition", count(*) FROM "common_room"."sync_ledger"
WHERE status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL) AND sync = 'tags'
GROUP BY sync, "partition"
HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone)
ORDER BY sync, "partition";

SELECT 1 FROM "common_room"."sync_runs"
WHERE sync = 'tags' AND "partition" = '' AND heartbeat_at >= CAST('2026-01-01T00:00:00+00:00' AS timestamp with time zone) LIMIT 1;

UPDATE "common_room"."sync_ledger" SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE sync = 'tags' AND "partition" = '' AND status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL);

