SELECT lower(table_name), lower(column_name) FROM information_schema.columns WHERE lower(table_schema) = 'common_room';

BEGIN TRANSACTION;

CREATE SCHEMA IF NOT EXISTS "common_room";

CREATE TABLE IF NOT EXISTS "common_room"."state_version" (
  "version" INTEGER,
  "migrated_at" TIMESTAMP WITH TIME ZONE,
  "package" VARCHAR
);

CREATE TABLE IF NOT EXISTS "common_room"."room_activity_types" (
  "id" VARCHAR,
  "name" VARCHAR,
  "display_name" VARCHAR,
  "read_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."room_custom_fields" (
  "id" BIGINT,
  "name" VARCHAR,
  "type" VARCHAR,
  "multivalue" BOOLEAN,
  "accepted_values" VARCHAR,
  "writable" BOOLEAN,
  "read_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."room_segments" (
  "id" BIGINT,
  "name" VARCHAR,
  "read_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."room_segment_statuses" (
  "segment_id" BIGINT,
  "id" BIGINT,
  "name" VARCHAR,
  "read_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."room_tags" (
  "id" VARCHAR,
  "name" VARCHAR,
  "description" VARCHAR,
  "entity_types" VARCHAR,
  "created_at" TIMESTAMP WITH TIME ZONE,
  "read_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."sync_ledger" (
  "sync" VARCHAR,
  "key" VARCHAR,
  "partition" VARCHAR,
  "fingerprint" VARCHAR,
  "delivered_fingerprint" VARCHAR,
  "row_hash" BIGINT,
  "row_hash_version" VARCHAR,
  "status" VARCHAR,
  "attempts" INTEGER,
  "not_found_runs" INTEGER,
  "http_status" INTEGER,
  "reason_code" VARCHAR,
  "field" VARCHAR,
  "message" VARCHAR,
  "email_hash" VARCHAR,
  "suppressed_for" VARCHAR,
  "first_sent_at" TIMESTAMP WITH TIME ZONE,
  "last_sent_at" TIMESTAMP WITH TIME ZONE,
  "run_id" VARCHAR,
  "absent_since" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."sync_outcomes" (
  "sync" VARCHAR,
  "key" VARCHAR,
  "partition" VARCHAR,
  "fingerprint" VARCHAR,
  "row_hash" BIGINT,
  "row_hash_version" VARCHAR,
  "status" VARCHAR,
  "attempts" INTEGER,
  "http_status" INTEGER,
  "reason_code" VARCHAR,
  "field" VARCHAR,
  "message" VARCHAR,
  "email_hash" VARCHAR,
  "suppressed_for" VARCHAR,
  "sent_at" TIMESTAMP WITH TIME ZONE,
  "recorded_at" TIMESTAMP WITH TIME ZONE,
  "run_id" VARCHAR
);

CREATE TABLE IF NOT EXISTS "common_room"."sync_intents" (
  "sync" VARCHAR,
  "partition" VARCHAR,
  "key" VARCHAR,
  "run_id" VARCHAR
);

CREATE OR REPLACE VIEW "common_room"."rejected_rows" AS
SELECT
  sync, key, "partition", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM "common_room"."sync_ledger"
WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL;

CREATE TABLE IF NOT EXISTS "common_room"."sync_runs" (
  "run_id" VARCHAR,
  "sync" VARCHAR,
  "partition" VARCHAR,
  "state" VARCHAR,
  "stopped_by" VARCHAR,
  "host" VARCHAR,
  "process" INTEGER,
  "started_at" TIMESTAMP WITH TIME ZONE,
  "heartbeat_at" TIMESTAMP WITH TIME ZONE,
  "finished_at" TIMESTAMP WITH TIME ZONE,
  "suppression_version" BIGINT,
  "resync" VARCHAR,
  "source_rows" BIGINT,
  "delivered" BIGINT,
  "unchanged" BIGINT,
  "invalid" BIGINT,
  "rejected" BIGINT,
  "failed" BIGINT,
  "suppressed" BIGINT,
  "unknown" BIGINT,
  "not_sent" BIGINT,
  "changed_after_delivery" BIGINT,
  "deleted_remotely" BIGINT,
  "deletions" BIGINT,
  "absent_from_source" BIGINT,
  "offered" BIGINT,
  "offered_new" BIGINT,
  "requests" BIGINT,
  "rate_limited" BIGINT,
  "retries" BIGINT,
  "rate_limit" BIGINT,
  "interval_seconds" DOUBLE,
  "rate_used" DOUBLE,
  "seconds" DOUBLE
);

CREATE TABLE IF NOT EXISTS "common_room"."pii_removals" (
  "request_id" VARCHAR,
  "source_hash" VARCHAR,
  "email_hash" VARCHAR,
  "email" VARCHAR,
  "status" VARCHAR,
  "requested_at" TIMESTAMP WITH TIME ZONE,
  "seen_at" TIMESTAMP WITH TIME ZONE,
  "submitted_at" TIMESTAMP WITH TIME ZONE,
  "due_at" TIMESTAMP WITH TIME ZONE,
  "check_at" TIMESTAMP WITH TIME ZONE,
  "checked_at" TIMESTAMP WITH TIME ZONE,
  "verified_at" TIMESTAMP WITH TIME ZONE,
  "offers" INTEGER,
  "attempts" INTEGER,
  "retry_at" TIMESTAMP WITH TIME ZONE,
  "http_status" INTEGER,
  "reason_code" VARCHAR,
  "message" VARCHAR,
  "lifted_at" TIMESTAMP WITH TIME ZONE,
  "lifted_reason" VARCHAR,
  "run_id" VARCHAR
);

CREATE TABLE IF NOT EXISTS "common_room"."known_addresses" (
  "sync" VARCHAR,
  "key" VARCHAR,
  "source_id" BIGINT,
  "person" VARCHAR,
  "email_hash" VARCHAR,
  "noted_at" TIMESTAMP WITH TIME ZONE
);

CREATE TABLE IF NOT EXISTS "common_room"."former_addresses" (
  "sync" VARCHAR,
  "key" VARCHAR,
  "email_hash" VARCHAR,
  "replaced_at" TIMESTAMP WITH TIME ZONE
);

INSERT INTO "common_room"."state_version" ("version", "migrated_at", "package")
VALUES (2, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), '0.1.0');

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
    FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'contacts' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'contacts', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'contacts' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'contacts' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS key, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS BIGINT) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i ON i.key = s.key;

CREATE TEMPORARY TABLE cr_refreshed (key VARCHAR, row_hash BIGINT, why VARCHAR);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) = c.was_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE key LIKE 'sha256:%' LIMIT 1;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'contacts' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'contacts' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND absent_since IS NOT NULL LIMIT 1;

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'contacts' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
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
    FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'it''s' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'it''s', '2026-01-01', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'all');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS key, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2026-01-01';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) = c.was_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'it''s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('it''s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'it''s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'it''s' AND "partition" = '2026-01-01'
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
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
    FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'activities' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'activities' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'activities', '2025-12-31', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("activity_type" AS VARCHAR)) ELSE CAST("activity_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END) AS VARCHAR) || ']' END AS key, CAST(hash("activity_type", "content", "content_format", "id", "parent_activity_type", "parent_id", "sub_source", "tags", "timestamp", "title", "url", "user_avatar_url", "user_bio", "user_city", "user_company_domain", "user_company_name", "user_country", "user_custom_fields", "user_discord", "user_email", "user_external_profiles", "user_first_name", "user_full_name", "user_github", "user_id", "user_last_name", "user_linkedin", "user_raw_location", "user_region", "user_role_at_company", "user_tags", "user_title_at_company", "user_twitter", "user_username") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NS) AND "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NS) OR "timestamp" IS NULL) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns cf211284' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2025-12-31';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns cf211284' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("activity_type" AS VARCHAR)) ELSE CAST("activity_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NS) AND "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NS) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS VARCHAR) || ',' END, CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS VARCHAR) || ',' END, CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS VARCHAR) || ',' END, CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS VARCHAR) || ',' END, CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END, CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS VARCHAR) || ',' END, CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS VARCHAR) || ',' END, CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS VARCHAR) || ',' END, CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS VARCHAR) || ',' END, CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS VARCHAR) || ',' END, CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS VARCHAR) || ',' END, CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS VARCHAR) || ',' END, CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS VARCHAR) || ',' END, CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS VARCHAR) || ',' END, CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS VARCHAR) || ',' END, CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS VARCHAR) || ',' END, CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS VARCHAR) || ',' END, CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS VARCHAR) || ',' END, CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS VARCHAR) || ',' END, CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS VARCHAR) || ',' END, CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS VARCHAR) || ',' END, CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS VARCHAR) || ',' END, CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS VARCHAR) || ',' END, CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS VARCHAR) || ',' END, CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS VARCHAR) || ',' END, CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS VARCHAR) || ',' END, CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS VARCHAR) || ',' END, CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS VARCHAR) || ',' END, CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS VARCHAR) || ',' END)) = c.was_fingerprint;

SELECT o.key, o.why, md5(concat(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS VARCHAR) || ',' END, CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS VARCHAR) || ',' END, CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS VARCHAR) || ',' END, CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS VARCHAR) || ',' END, CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END, CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS VARCHAR) || ',' END, CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS VARCHAR) || ',' END, CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS VARCHAR) || ',' END, CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS VARCHAR) || ',' END, CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS VARCHAR) || ',' END, CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS VARCHAR) || ',' END, CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS VARCHAR) || ',' END, CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS VARCHAR) || ',' END, CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS VARCHAR) || ',' END, CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS VARCHAR) || ',' END, CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS VARCHAR) || ',' END, CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS VARCHAR) || ',' END, CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS VARCHAR) || ',' END, CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS VARCHAR) || ',' END, CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS VARCHAR) || ',' END, CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS VARCHAR) || ',' END, CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS VARCHAR) || ',' END, CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS VARCHAR) || ',' END, CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS VARCHAR) || ',' END, CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS VARCHAR) || ',' END, CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS VARCHAR) || ',' END, CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS VARCHAR) || ',' END, CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS VARCHAR) || ',' END, CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("activity_type", "content", "content_format", "id", "parent_activity_type", "parent_id", "sub_source", "tags", "timestamp", "title", "url", "user_avatar_url", "user_bio", "user_city", "user_company_domain", "user_company_name", "user_country", "user_custom_fields", "user_discord", "user_email", "user_external_profiles", "user_first_name", "user_full_name", "user_github", "user_id", "user_last_name", "user_linkedin", "user_raw_location", "user_region", "user_role_at_company", "user_tags", "user_title_at_company", "user_twitter", "user_username") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "activity_type" AS "value_activity_type", "timestamp" AS "value_timestamp", "user_id" AS "value_user_id", "user_full_name" AS "value_user_full_name", "user_first_name" AS "value_user_first_name", "user_last_name" AS "value_user_last_name", "user_username" AS "value_user_username", "user_avatar_url" AS "value_user_avatar_url", "user_bio" AS "value_user_bio", "user_email" AS "value_user_email", "user_linkedin" AS "value_user_linkedin", "user_github" AS "value_user_github", "user_twitter" AS "value_user_twitter", "user_discord" AS "value_user_discord", "user_external_profiles" AS "value_user_external_profiles", "user_role_at_company" AS "value_user_role_at_company", "user_title_at_company" AS "value_user_title_at_company", "user_company_name" AS "value_user_company_name", "user_company_domain" AS "value_user_company_domain", "user_country" AS "value_user_country", "user_city" AS "value_user_city", "user_region" AS "value_user_region", "user_raw_location" AS "value_user_raw_location", "user_tags" AS "value_user_tags", "user_custom_fields" AS "value_user_custom_fields", "title" AS "value_title", "content" AS "value_content", "content_format" AS "value_content_format", "url" AS "value_url", "sub_source" AS "value_sub_source", "parent_id" AS "value_parent_id", "parent_activity_type" AS "value_parent_activity_type", "tags" AS "value_tags" FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("activity_type" AS VARCHAR)) ELSE CAST("activity_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NS) AND "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NS) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(concat(CASE WHEN "activity_type" IS NULL THEN '' ELSE 'activity_type=' || CAST(to_json("activity_type") AS VARCHAR) || ',' END, CASE WHEN "content" IS NULL THEN '' ELSE 'content=' || CAST(to_json("content") AS VARCHAR) || ',' END, CASE WHEN "content_format" IS NULL THEN '' ELSE 'content_format=' || CAST(to_json("content_format") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "parent_activity_type" IS NULL THEN '' ELSE 'parent_activity_type=' || CAST(to_json("parent_activity_type") AS VARCHAR) || ',' END, CASE WHEN "parent_id" IS NULL THEN '' ELSE 'parent_id=' || CAST(to_json("parent_id") AS VARCHAR) || ',' END, CASE WHEN "sub_source" IS NULL THEN '' ELSE 'sub_source=' || CAST(to_json("sub_source") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END, CASE WHEN "timestamp" IS NULL THEN '' ELSE 'timestamp=' || CAST(to_json("timestamp") AS VARCHAR) || ',' END, CASE WHEN "title" IS NULL THEN '' ELSE 'title=' || CAST(to_json("title") AS VARCHAR) || ',' END, CASE WHEN "url" IS NULL THEN '' ELSE 'url=' || CAST(to_json("url") AS VARCHAR) || ',' END, CASE WHEN "user_avatar_url" IS NULL THEN '' ELSE 'user_avatar_url=' || CAST(to_json("user_avatar_url") AS VARCHAR) || ',' END, CASE WHEN "user_bio" IS NULL THEN '' ELSE 'user_bio=' || CAST(to_json("user_bio") AS VARCHAR) || ',' END, CASE WHEN "user_city" IS NULL THEN '' ELSE 'user_city=' || CAST(to_json("user_city") AS VARCHAR) || ',' END, CASE WHEN "user_company_domain" IS NULL THEN '' ELSE 'user_company_domain=' || CAST(to_json("user_company_domain") AS VARCHAR) || ',' END, CASE WHEN "user_company_name" IS NULL THEN '' ELSE 'user_company_name=' || CAST(to_json("user_company_name") AS VARCHAR) || ',' END, CASE WHEN "user_country" IS NULL THEN '' ELSE 'user_country=' || CAST(to_json("user_country") AS VARCHAR) || ',' END, CASE WHEN "user_custom_fields" IS NULL THEN '' ELSE 'user_custom_fields=' || CAST(to_json("user_custom_fields") AS VARCHAR) || ',' END, CASE WHEN "user_discord" IS NULL THEN '' ELSE 'user_discord=' || CAST(to_json("user_discord") AS VARCHAR) || ',' END, CASE WHEN "user_email" IS NULL THEN '' ELSE 'user_email=' || CAST(to_json("user_email") AS VARCHAR) || ',' END, CASE WHEN "user_external_profiles" IS NULL THEN '' ELSE 'user_external_profiles=' || CAST(to_json("user_external_profiles") AS VARCHAR) || ',' END, CASE WHEN "user_first_name" IS NULL THEN '' ELSE 'user_first_name=' || CAST(to_json("user_first_name") AS VARCHAR) || ',' END, CASE WHEN "user_full_name" IS NULL THEN '' ELSE 'user_full_name=' || CAST(to_json("user_full_name") AS VARCHAR) || ',' END, CASE WHEN "user_github" IS NULL THEN '' ELSE 'user_github=' || CAST(to_json("user_github") AS VARCHAR) || ',' END, CASE WHEN "user_id" IS NULL THEN '' ELSE 'user_id=' || CAST(to_json("user_id") AS VARCHAR) || ',' END, CASE WHEN "user_last_name" IS NULL THEN '' ELSE 'user_last_name=' || CAST(to_json("user_last_name") AS VARCHAR) || ',' END, CASE WHEN "user_linkedin" IS NULL THEN '' ELSE 'user_linkedin=' || CAST(to_json("user_linkedin") AS VARCHAR) || ',' END, CASE WHEN "user_raw_location" IS NULL THEN '' ELSE 'user_raw_location=' || CAST(to_json("user_raw_location") AS VARCHAR) || ',' END, CASE WHEN "user_region" IS NULL THEN '' ELSE 'user_region=' || CAST(to_json("user_region") AS VARCHAR) || ',' END, CASE WHEN "user_role_at_company" IS NULL THEN '' ELSE 'user_role_at_company=' || CAST(to_json("user_role_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_tags" IS NULL THEN '' ELSE 'user_tags=' || CAST(to_json("user_tags") AS VARCHAR) || ',' END, CASE WHEN "user_title_at_company" IS NULL THEN '' ELSE 'user_title_at_company=' || CAST(to_json("user_title_at_company") AS VARCHAR) || ',' END, CASE WHEN "user_twitter" IS NULL THEN '' ELSE 'user_twitter=' || CAST(to_json("user_twitter") AS VARCHAR) || ',' END, CASE WHEN "user_username" IS NULL THEN '' ELSE 'user_username=' || CAST(to_json("user_username") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("activity_type", "content", "content_format", "id", "parent_activity_type", "parent_id", "sub_source", "tags", "timestamp", "title", "url", "user_avatar_url", "user_bio", "user_city", "user_company_domain", "user_company_name", "user_country", "user_custom_fields", "user_discord", "user_email", "user_external_profiles", "user_first_name", "user_full_name", "user_github", "user_id", "user_last_name", "user_linkedin", "user_raw_location", "user_region", "user_role_at_company", "user_tags", "user_title_at_company", "user_twitter", "user_username") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "activity_type" AS "value_activity_type", "timestamp" AS "value_timestamp", "user_id" AS "value_user_id", "user_full_name" AS "value_user_full_name", "user_first_name" AS "value_user_first_name", "user_last_name" AS "value_user_last_name", "user_username" AS "value_user_username", "user_avatar_url" AS "value_user_avatar_url", "user_bio" AS "value_user_bio", "user_email" AS "value_user_email", "user_linkedin" AS "value_user_linkedin", "user_github" AS "value_user_github", "user_twitter" AS "value_user_twitter", "user_discord" AS "value_user_discord", "user_external_profiles" AS "value_user_external_profiles", "user_role_at_company" AS "value_user_role_at_company", "user_title_at_company" AS "value_user_title_at_company", "user_company_name" AS "value_user_company_name", "user_company_domain" AS "value_user_company_domain", "user_country" AS "value_user_country", "user_city" AS "value_user_city", "user_region" AS "value_user_region", "user_raw_location" AS "value_user_raw_location", "user_tags" AS "value_user_tags", "user_custom_fields" AS "value_user_custom_fields", "title" AS "value_title", "content" AS "value_content", "content_format" AS "value_content_format", "url" AS "value_url", "sub_source" AS "value_sub_source", "parent_id" AS "value_parent_id", "parent_activity_type" AS "value_parent_activity_type", "tags" AS "value_tags" FROM (SELECT CASE WHEN "activity_type" IS NULL OR "id" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("activity_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("activity_type" AS VARCHAR)) ELSE CAST("activity_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "id", "activity_type", "timestamp", "user_id", "user_full_name", "user_first_name", "user_last_name", "user_username", "user_avatar_url", "user_bio", "user_email", "user_linkedin", "user_github", "user_twitter", "user_discord", "user_external_profiles", "user_role_at_company", "user_title_at_company", "user_company_name", "user_company_domain", "user_country", "user_city", "user_region", "user_raw_location", "user_tags", "user_custom_fields", "title", "content", "content_format", "url", "sub_source", "parent_id", "parent_activity_type", "tags" FROM (SELECT * FROM "crm"."activities" AS source WHERE "timestamp" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NS) AND "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NS) OR "timestamp" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns cf211284' FROM cr_refreshed AS r WHERE sync = 'activities' AND "partition" = '2025-12-31' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'activities' AND "partition" = '2025-12-31' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'activities' AND "partition" = '2025-12-31' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'activities', '2025-12-31', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'activities' AND "partition" = '2025-12-31');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('activities', '@null 2025-12-31', '2025-12-31', 'invalid', 0, 'null_key', 'activity_type, id', '1 row without activity_type, id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'activities', d.key, '2025-12-31', 'invalid', 0, 'duplicate_key', 'activity_type, id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'activities' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'activities' AND "partition" = '2025-12-31' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'activities' AND "partition" = '2025-12-31'
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
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
    FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'members' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'members' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'members', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'members' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'members' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("segment" AS VARCHAR)) ELSE CAST("segment" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("social_type" AS VARCHAR)) ELSE CAST("social_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("value" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("value" AS VARCHAR)) ELSE CAST("value" AS VARCHAR) END) AS VARCHAR) || ']' END AS key, CAST(hash("segment", "social_type", "status", "value") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns 92c48148' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'members' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 92c48148' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'members' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("segment" AS VARCHAR)) ELSE CAST("segment" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("social_type" AS VARCHAR)) ELSE CAST("social_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("value" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("value" AS VARCHAR)) ELSE CAST("value" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END, CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS VARCHAR) || ',' END, CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS VARCHAR) || ',' END, CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS VARCHAR) || ',' END)) = c.was_fingerprint;

SELECT o.key, o.why, md5(concat(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END, CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS VARCHAR) || ',' END, CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS VARCHAR) || ',' END, CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("segment", "social_type", "status", "value") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "segment" AS "value_segment", "social_type" AS "value_social_type", "value" AS "value_value", "status" AS "value_status" FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("segment" AS VARCHAR)) ELSE CAST("segment" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("social_type" AS VARCHAR)) ELSE CAST("social_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("value" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("value" AS VARCHAR)) ELSE CAST("value" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0 ORDER BY s."segment", s."social_type", s."status";

SELECT o.key, o.why, md5(concat(CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END, CASE WHEN "social_type" IS NULL THEN '' ELSE 'social_type=' || CAST(to_json("social_type") AS VARCHAR) || ',' END, CASE WHEN "status" IS NULL THEN '' ELSE 'status=' || CAST(to_json("status") AS VARCHAR) || ',' END, CASE WHEN "value" IS NULL THEN '' ELSE 'value=' || CAST(to_json("value") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("segment", "social_type", "status", "value") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "segment" AS "value_segment", "social_type" AS "value_social_type", "value" AS "value_value", "status" AS "value_status" FROM (SELECT CASE WHEN "segment" IS NULL OR "social_type" IS NULL OR "value" IS NULL THEN NULL ELSE '[' || CAST(to_json(CASE WHEN CAST("segment" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("segment" AS VARCHAR)) ELSE CAST("segment" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("social_type" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("social_type" AS VARCHAR)) ELSE CAST("social_type" AS VARCHAR) END) AS VARCHAR) || ',' || CAST(to_json(CASE WHEN CAST("value" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("value" AS VARCHAR)) ELSE CAST("value" AS VARCHAR) END) AS VARCHAR) || ']' END AS cr_key, "segment", "social_type", "value", "status" FROM (SELECT * FROM "crm"."segment_members" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1 ORDER BY s."segment", s."social_type", s."status";

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 92c48148' FROM cr_refreshed AS r WHERE sync = 'members' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'members' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'members' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'members', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'members' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('members', '@null', '', 'invalid', 0, 'null_key', 'segment, social_type, value', '1 row without segment, social_type, value; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'members', d.key, '', 'invalid', 0, 'duplicate_key', 'segment, social_type, value', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'members' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHERE sync = 'members' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'members' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'members' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
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
    FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'notes' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'notes' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'notes', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'notes' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'notes' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS key, CAST(hash("id", "note", "segment") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS hashed WHERE key IN ('1');

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns 13f707de' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 13f707de' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'notes' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS VARCHAR) || ',' END, CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END)) = c.was_fingerprint;

UPDATE cr_compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new', 'outdated', 'unknown') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(concat(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS VARCHAR) || ',' END, CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("id", "note", "segment") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "segment" AS "value_segment", "note" AS "value_note" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(concat(CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "note" IS NULL THEN '' ELSE 'note=' || CAST(to_json("note") AS VARCHAR) || ',' END, CASE WHEN "segment" IS NULL THEN '' ELSE 'segment=' || CAST(to_json("segment") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("id", "note", "segment") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "segment" AS "value_segment", "note" AS "value_note" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "segment", "note" FROM (SELECT * FROM "crm"."notes" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 13f707de' FROM cr_refreshed AS r WHERE sync = 'notes' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'notes' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'notes' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('notes', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'notes', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'notes' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL) AND coalesce(l.status, '') NOT IN ('delivered', 'unknown');

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHERE sync = 'notes' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'notes' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'notes' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
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
    FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
      FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
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
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'tags' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "suppressed_for" = source."suppressed_for", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "absent_since" = source."absent_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "suppressed_for", "first_sent_at", "last_sent_at", "run_id", "absent_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."suppressed_for", source."first_sent_at", source."last_sent_at", source."run_id", source."absent_since");

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'tags' AND key IN (
  SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
);

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

INSERT INTO "common_room"."sync_runs" ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "resync")
VALUES ('run', 'tags', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs"
WHERE sync = 'tags' AND "partition" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE sync = 'tags' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("name" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("name" AS VARCHAR)) ELSE CAST("name" AS VARCHAR) END AS key, CAST(hash("description", "entity_types", "name") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'duckdb 2, columns 05e7dafa' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 05e7dafa' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("name" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("name" AS VARCHAR)) ELSE CAST("name" AS VARCHAR) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS VARCHAR) || ',' END, CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS VARCHAR) || ',' END, CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS VARCHAR) || ',' END)) = c.was_fingerprint;

SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key;

UPDATE cr_compared SET why = 'missing' WHERE key IN ('deleted by hand');

SELECT count(*) FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l WHERE there IS NOT NULL;

SELECT key FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND "partition" = '') AS l WHERE there IS NOT NULL AND key NOT IN (SELECT key FROM cr_source_keys WHERE key IS NOT NULL) ORDER BY key;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(concat(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS VARCHAR) || ',' END, CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS VARCHAR) || ',' END, CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("description", "entity_types", "name") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "name" AS "value_name", "description" AS "value_description", "entity_types" AS "value_entity_types" FROM (SELECT CASE WHEN CAST("name" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("name" AS VARCHAR)) ELSE CAST("name" AS VARCHAR) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(concat(CASE WHEN "description" IS NULL THEN '' ELSE 'description=' || CAST(to_json("description") AS VARCHAR) || ',' END, CASE WHEN "entity_types" IS NULL THEN '' ELSE 'entity_types=' || CAST(to_json("entity_types") AS VARCHAR) || ',' END, CASE WHEN "name" IS NULL THEN '' ELSE 'name=' || CAST(to_json("name") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("description", "entity_types", "name") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "name" AS "value_name", "description" AS "value_description", "entity_types" AS "value_entity_types" FROM (SELECT CASE WHEN CAST("name" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("name" AS VARCHAR)) ELSE CAST("name" AS VARCHAR) END AS cr_key, "name", "description", "entity_types" FROM (SELECT * FROM "crm"."tags" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 05e7dafa' FROM cr_refreshed AS r WHERE sync = 'tags' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'tags' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET absent_since = NULL WHERE sync = 'tags' AND "partition" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'tags', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'tags' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('tags', '@null', '', 'invalid', 0, 'null_key', 'name', '1 row without name; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'tags', d.key, '', 'invalid', 0, 'duplicate_key', 'name', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'tags' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "common_room"."sync_runs"
SET "heartbeat_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."sync_outcomes" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."former_addresses" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "common_room"."known_addresses" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger"
WHERE sync = 'tags' AND "partition" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows"
WHERE sync = 'tags' AND "partition" = ''
ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs"
SET "state" = 'succeeded', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), "delivered" = 1, "seconds" = 0.5, "stopped_by" = NULL
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents"
WHERE sync = 'tags' AND "partition" = '' AND run_id = 'run';

DELETE FROM "common_room"."sync_ledger" WHERE sync = 'tags' AND key IN ('absent');

DELETE FROM "common_room"."room_segments" WHERE 1 = 1;

SELECT sync, "partition", count(*) FROM "common_room"."sync_ledger"
WHERE status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL) AND sync = 'tags'
GROUP BY sync, "partition"
HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
ORDER BY sync, "partition";

SELECT 1 FROM "common_room"."sync_runs"
WHERE sync = 'tags' AND "partition" = '' AND heartbeat_at >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) LIMIT 1;

UPDATE "common_room"."sync_ledger" SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE sync = 'tags' AND "partition" = '' AND status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL);

