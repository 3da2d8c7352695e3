SELECT lower(table_name), lower(column_name) FROM information_schema.columns WHERE lower(table_schema) = 'common_room';

CREATE SCHEMA IF NOT EXISTS "COMMON_ROOM";

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."STATE_VERSION" (
  "VERSION" INTEGER,
  "MIGRATED_AT" TIMESTAMP_TZ,
  "PACKAGE" VARCHAR
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_ACTIVITY_TYPES" (
  "ID" VARCHAR,
  "NAME" VARCHAR,
  "DISPLAY_NAME" VARCHAR,
  "READ_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_CUSTOM_FIELDS" (
  "ID" BIGINT,
  "NAME" VARCHAR,
  "TYPE" VARCHAR,
  "MULTIVALUE" BOOLEAN,
  "ACCEPTED_VALUES" VARCHAR,
  "WRITABLE" BOOLEAN,
  "READ_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENTS" (
  "ID" BIGINT,
  "NAME" VARCHAR,
  "READ_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENT_STATUSES" (
  "SEGMENT_ID" BIGINT,
  "ID" BIGINT,
  "NAME" VARCHAR,
  "READ_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_TAGS" (
  "ID" VARCHAR,
  "NAME" VARCHAR,
  "DESCRIPTION" VARCHAR,
  "ENTITY_TYPES" VARCHAR,
  "CREATED_AT" TIMESTAMP_TZ,
  "READ_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_LEDGER" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "PARTITION" VARCHAR,
  "FINGERPRINT" VARCHAR,
  "DELIVERED_FINGERPRINT" VARCHAR,
  "ROW_HASH" BIGINT,
  "ROW_HASH_VERSION" VARCHAR,
  "STATUS" VARCHAR,
  "ATTEMPTS" INTEGER,
  "NOT_FOUND_RUNS" INTEGER,
  "HTTP_STATUS" INTEGER,
  "REASON_CODE" VARCHAR,
  "FIELD" VARCHAR,
  "MESSAGE" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "SUPPRESSED_FOR" VARCHAR,
  "FIRST_SENT_AT" TIMESTAMP_TZ,
  "LAST_SENT_AT" TIMESTAMP_TZ,
  "RUN_ID" VARCHAR,
  "ABSENT_SINCE" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_OUTCOMES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "PARTITION" VARCHAR,
  "FINGERPRINT" VARCHAR,
  "ROW_HASH" BIGINT,
  "ROW_HASH_VERSION" VARCHAR,
  "STATUS" VARCHAR,
  "ATTEMPTS" INTEGER,
  "HTTP_STATUS" INTEGER,
  "REASON_CODE" VARCHAR,
  "FIELD" VARCHAR,
  "MESSAGE" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "SUPPRESSED_FOR" VARCHAR,
  "SENT_AT" TIMESTAMP_TZ,
  "RECORDED_AT" TIMESTAMP_TZ,
  "RUN_ID" VARCHAR
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_INTENTS" (
  "SYNC" VARCHAR,
  "PARTITION" VARCHAR,
  "KEY" VARCHAR,
  "RUN_ID" VARCHAR
);

CREATE OR REPLACE VIEW "COMMON_ROOM"."REJECTED_ROWS" AS
SELECT
  sync, key, "PARTITION", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL;

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_RUNS" (
  "RUN_ID" VARCHAR,
  "SYNC" VARCHAR,
  "PARTITION" VARCHAR,
  "STATE" VARCHAR,
  "STOPPED_BY" VARCHAR,
  "HOST" VARCHAR,
  "PROCESS" INTEGER,
  "STARTED_AT" TIMESTAMP_TZ,
  "HEARTBEAT_AT" TIMESTAMP_TZ,
  "FINISHED_AT" TIMESTAMP_TZ,
  "SUPPRESSION_VERSION" BIGINT,
  "RESYNC" VARCHAR,
  "SOURCE_ROWS" BIGINT,
  "DELIVERED" BIGINT,
  "UNCHANGED" BIGINT,
  "INVALID" BIGINT,
  "REJECTED" BIGINT,
  "FAILED" BIGINT,
  "SUPPRESSED" BIGINT,
  "UNKNOWN" BIGINT,
  "NOT_SENT" BIGINT,
  "CHANGED_AFTER_DELIVERY" BIGINT,
  "DELETED_REMOTELY" BIGINT,
  "DELETIONS" BIGINT,
  "ABSENT_FROM_SOURCE" BIGINT,
  "OFFERED" BIGINT,
  "OFFERED_NEW" BIGINT,
  "REQUESTS" BIGINT,
  "RATE_LIMITED" BIGINT,
  "RETRIES" BIGINT,
  "RATE_LIMIT" BIGINT,
  "INTERVAL_SECONDS" DOUBLE,
  "RATE_USED" DOUBLE,
  "SECONDS" DOUBLE
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."PII_REMOVALS" (
  "REQUEST_ID" VARCHAR,
  "SOURCE_HASH" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "EMAIL" VARCHAR,
  "STATUS" VARCHAR,
  "REQUESTED_AT" TIMESTAMP_TZ,
  "SEEN_AT" TIMESTAMP_TZ,
  "SUBMITTED_AT" TIMESTAMP_TZ,
  "DUE_AT" TIMESTAMP_TZ,
  "CHECK_AT" TIMESTAMP_TZ,
  "CHECKED_AT" TIMESTAMP_TZ,
  "VERIFIED_AT" TIMESTAMP_TZ,
  "OFFERS" INTEGER,
  "ATTEMPTS" INTEGER,
  "RETRY_AT" TIMESTAMP_TZ,
  "HTTP_STATUS" INTEGER,
  "REASON_CODE" VARCHAR,
  "MESSAGE" VARCHAR,
  "LIFTED_AT" TIMESTAMP_TZ,
  "LIFTED_REASON" VARCHAR,
  "RUN_ID" VARCHAR
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."KNOWN_ADDRESSES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "SOURCE_ID" BIGINT,
  "PERSON" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "NOTED_AT" TIMESTAMP_TZ
);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."FORMER_ADDRESSES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "REPLACED_AT" TIMESTAMP_TZ
);

INSERT INTO "COMMON_ROOM"."STATE_VERSION" ("VERSION", "MIGRATED_AT", "PACKAGE")
VALUES (2, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), '0.1.0');

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

BEGIN TRANSACTION;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'contacts' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

COMMIT;

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'contacts', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'contacts' AND "PARTITION" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'contacts' AND "PARTITION" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS key, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS BIGINT) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '') AS i ON i.key = s.key;

CREATE TEMPORARY TABLE cr_refreshed (key VARCHAR, row_hash BIGINT, why VARCHAR);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) = c.was_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE key LIKE 'sha256:%' LIMIT 1;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'contacts' AND "PARTITION" = '' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'contacts' AND "PARTITION" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND absent_since IS NOT NULL LIMIT 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'contacts' AND "PARTITION" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

SELECT count(CASE WHEN status IS NULL OR status <> 'invalid' THEN 1 END) + count(lifted_at) FROM "COMMON_ROOM"."PII_REMOVALS";

SELECT * FROM (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) AS erased;

SELECT DISTINCT person, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE source_id = 1 AND person IS NOT NULL AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'contacts' AND "PARTITION" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'contacts' AND "PARTITION" = ''
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'it''s' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'it''s', '2026-01-01', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'all');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS key, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2026-01-01';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) = c.was_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5;

SELECT o.key, o.why, md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'it''s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('it''s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'it''s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01'
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'activities' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'activities'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'activities' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'activities' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'activities', '2025-12-31', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "ACTIVITY_TYPE" IS NULL OR "ID" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256) ELSE CAST("ACTIVITY_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END)) || ']' END AS key, HASH("ACTIVITY_TYPE", "CONTENT", "CONTENT_FORMAT", "ID", "PARENT_ACTIVITY_TYPE", "PARENT_ID", "SUB_SOURCE", "TAGS", "TIMESTAMP", "TITLE", "URL", "USER_AVATAR_URL", "USER_BIO", "USER_CITY", "USER_COMPANY_DOMAIN", "USER_COMPANY_NAME", "USER_COUNTRY", "USER_CUSTOM_FIELDS", "USER_DISCORD", "USER_EMAIL", "USER_EXTERNAL_PROFILES", "USER_FIRST_NAME", "USER_FULL_NAME", "USER_GITHUB", "USER_ID", "USER_LAST_NAME", "USER_LINKEDIN", "USER_RAW_LOCATION", "USER_REGION", "USER_ROLE_AT_COMPANY", "USER_TAGS", "USER_TITLE_AT_COMPANY", "USER_TWITTER", "USER_USERNAME") AS row_hash FROM (SELECT * FROM "CRM"."ACTIVITIES" AS source WHERE "TIMESTAMP" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NTZ) AND "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NTZ) OR "TIMESTAMP" IS NULL) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3d19ccfb' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2025-12-31';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3d19ccfb' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "ACTIVITY_TYPE" IS NULL OR "ID" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256) ELSE CAST("ACTIVITY_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END)) || ']' END AS cr_key, "ID", "ACTIVITY_TYPE", "TIMESTAMP", "USER_ID", "USER_FULL_NAME", "USER_FIRST_NAME", "USER_LAST_NAME", "USER_USERNAME", "USER_AVATAR_URL", "USER_BIO", "USER_EMAIL", "USER_LINKEDIN", "USER_GITHUB", "USER_TWITTER", "USER_DISCORD", "USER_EXTERNAL_PROFILES", "USER_ROLE_AT_COMPANY", "USER_TITLE_AT_COMPANY", "USER_COMPANY_NAME", "USER_COMPANY_DOMAIN", "USER_COUNTRY", "USER_CITY", "USER_REGION", "USER_RAW_LOCATION", "USER_TAGS", "USER_CUSTOM_FIELDS", "TITLE", "CONTENT", "CONTENT_FORMAT", "URL", "SUB_SOURCE", "PARENT_ID", "PARENT_ACTIVITY_TYPE", "TAGS" FROM (SELECT * FROM "CRM"."ACTIVITIES" AS source WHERE "TIMESTAMP" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NTZ) AND "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NTZ) OR "TIMESTAMP" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "ACTIVITY_TYPE" IS NULL THEN '' ELSE 'activity_type=' || TO_JSON(TO_VARIANT("ACTIVITY_TYPE")) || ',' END || CASE WHEN "CONTENT" IS NULL THEN '' ELSE 'content=' || TO_JSON(TO_VARIANT("CONTENT")) || ',' END || CASE WHEN "CONTENT_FORMAT" IS NULL THEN '' ELSE 'content_format=' || TO_JSON(TO_VARIANT("CONTENT_FORMAT")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "PARENT_ACTIVITY_TYPE" IS NULL THEN '' ELSE 'parent_activity_type=' || TO_JSON(TO_VARIANT("PARENT_ACTIVITY_TYPE")) || ',' END || CASE WHEN "PARENT_ID" IS NULL THEN '' ELSE 'parent_id=' || TO_JSON(TO_VARIANT("PARENT_ID")) || ',' END || CASE WHEN "SUB_SOURCE" IS NULL THEN '' ELSE 'sub_source=' || TO_JSON(TO_VARIANT("SUB_SOURCE")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END || CASE WHEN "TIMESTAMP" IS NULL THEN '' ELSE 'timestamp=' || TO_JSON(TO_VARIANT("TIMESTAMP")) || ',' END || CASE WHEN "TITLE" IS NULL THEN '' ELSE 'title=' || TO_JSON(TO_VARIANT("TITLE")) || ',' END || CASE WHEN "URL" IS NULL THEN '' ELSE 'url=' || TO_JSON(TO_VARIANT("URL")) || ',' END || CASE WHEN "USER_AVATAR_URL" IS NULL THEN '' ELSE 'user_avatar_url=' || TO_JSON(TO_VARIANT("USER_AVATAR_URL")) || ',' END || CASE WHEN "USER_BIO" IS NULL THEN '' ELSE 'user_bio=' || TO_JSON(TO_VARIANT("USER_BIO")) || ',' END || CASE WHEN "USER_CITY" IS NULL THEN '' ELSE 'user_city=' || TO_JSON(TO_VARIANT("USER_CITY")) || ',' END || CASE WHEN "USER_COMPANY_DOMAIN" IS NULL THEN '' ELSE 'user_company_domain=' || TO_JSON(TO_VARIANT("USER_COMPANY_DOMAIN")) || ',' END || CASE WHEN "USER_COMPANY_NAME" IS NULL THEN '' ELSE 'user_company_name=' || TO_JSON(TO_VARIANT("USER_COMPANY_NAME")) || ',' END || CASE WHEN "USER_COUNTRY" IS NULL THEN '' ELSE 'user_country=' || TO_JSON(TO_VARIANT("USER_COUNTRY")) || ',' END || CASE WHEN "USER_CUSTOM_FIELDS" IS NULL THEN '' ELSE 'user_custom_fields=' || TO_JSON(TO_VARIANT("USER_CUSTOM_FIELDS")) || ',' END || CASE WHEN "USER_DISCORD" IS NULL THEN '' ELSE 'user_discord=' || TO_JSON(TO_VARIANT("USER_DISCORD")) || ',' END || CASE WHEN "USER_EMAIL" IS NULL THEN '' ELSE 'user_email=' || TO_JSON(TO_VARIANT("USER_EMAIL")) || ',' END || CASE WHEN "USER_EXTERNAL_PROFILES" IS NULL THEN '' ELSE 'user_external_profiles=' || TO_JSON(TO_VARIANT("USER_EXTERNAL_PROFILES")) || ',' END || CASE WHEN "USER_FIRST_NAME" IS NULL THEN '' ELSE 'user_first_name=' || TO_JSON(TO_VARIANT("USER_FIRST_NAME")) || ',' END || CASE WHEN "USER_FULL_NAME" IS NULL THEN '' ELSE 'user_full_name=' || TO_JSON(TO_VARIANT("USER_FULL_NAME")) || ',' END || CASE WHEN "USER_GITHUB" IS NULL THEN '' ELSE 'user_github=' || TO_JSON(TO_VARIANT("USER_GITHUB")) || ',' END || CASE WHEN "USER_ID" IS NULL THEN '' ELSE 'user_id=' || TO_JSON(TO_VARIANT("USER_ID")) || ',' END || CASE WHEN "USER_LAST_NAME" IS NULL THEN '' ELSE 'user_last_name=' || TO_JSON(TO_VARIANT("USER_LAST_NAME")) || ',' END || CASE WHEN "USER_LINKEDIN" IS NULL THEN '' ELSE 'user_linkedin=' || TO_JSON(TO_VARIANT("USER_LINKEDIN")) || ',' END || CASE WHEN "USER_RAW_LOCATION" IS NULL THEN '' ELSE 'user_raw_location=' || TO_JSON(TO_VARIANT("USER_RAW_LOCATION")) || ',' END || CASE WHEN "USER_REGION" IS NULL THEN '' ELSE 'user_region=' || TO_JSON(TO_VARIANT("USER_REGION")) || ',' END || CASE WHEN "USER_ROLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_role_at_company=' || TO_JSON(TO_VARIANT("USER_ROLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TAGS" IS NULL THEN '' ELSE 'user_tags=' || TO_JSON(TO_VARIANT("USER_TAGS")) || ',' END || CASE WHEN "USER_TITLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_title_at_company=' || TO_JSON(TO_VARIANT("USER_TITLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TWITTER" IS NULL THEN '' ELSE 'user_twitter=' || TO_JSON(TO_VARIANT("USER_TWITTER")) || ',' END || CASE WHEN "USER_USERNAME" IS NULL THEN '' ELSE 'user_username=' || TO_JSON(TO_VARIANT("USER_USERNAME")) || ',' END) = c.was_fingerprint;

SELECT o.key, o.why, md5(CASE WHEN "ACTIVITY_TYPE" IS NULL THEN '' ELSE 'activity_type=' || TO_JSON(TO_VARIANT("ACTIVITY_TYPE")) || ',' END || CASE WHEN "CONTENT" IS NULL THEN '' ELSE 'content=' || TO_JSON(TO_VARIANT("CONTENT")) || ',' END || CASE WHEN "CONTENT_FORMAT" IS NULL THEN '' ELSE 'content_format=' || TO_JSON(TO_VARIANT("CONTENT_FORMAT")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "PARENT_ACTIVITY_TYPE" IS NULL THEN '' ELSE 'parent_activity_type=' || TO_JSON(TO_VARIANT("PARENT_ACTIVITY_TYPE")) || ',' END || CASE WHEN "PARENT_ID" IS NULL THEN '' ELSE 'parent_id=' || TO_JSON(TO_VARIANT("PARENT_ID")) || ',' END || CASE WHEN "SUB_SOURCE" IS NULL THEN '' ELSE 'sub_source=' || TO_JSON(TO_VARIANT("SUB_SOURCE")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END || CASE WHEN "TIMESTAMP" IS NULL THEN '' ELSE 'timestamp=' || TO_JSON(TO_VARIANT("TIMESTAMP")) || ',' END || CASE WHEN "TITLE" IS NULL THEN '' ELSE 'title=' || TO_JSON(TO_VARIANT("TITLE")) || ',' END || CASE WHEN "URL" IS NULL THEN '' ELSE 'url=' || TO_JSON(TO_VARIANT("URL")) || ',' END || CASE WHEN "USER_AVATAR_URL" IS NULL THEN '' ELSE 'user_avatar_url=' || TO_JSON(TO_VARIANT("USER_AVATAR_URL")) || ',' END || CASE WHEN "USER_BIO" IS NULL THEN '' ELSE 'user_bio=' || TO_JSON(TO_VARIANT("USER_BIO")) || ',' END || CASE WHEN "USER_CITY" IS NULL THEN '' ELSE 'user_city=' || TO_JSON(TO_VARIANT("USER_CITY")) || ',' END || CASE WHEN "USER_COMPANY_DOMAIN" IS NULL THEN '' ELSE 'user_company_domain=' || TO_JSON(TO_VARIANT("USER_COMPANY_DOMAIN")) || ',' END || CASE WHEN "USER_COMPANY_NAME" IS NULL THEN '' ELSE 'user_company_name=' || TO_JSON(TO_VARIANT("USER_COMPANY_NAME")) || ',' END || CASE WHEN "USER_COUNTRY" IS NULL THEN '' ELSE 'user_country=' || TO_JSON(TO_VARIANT("USER_COUNTRY")) || ',' END || CASE WHEN "USER_CUSTOM_FIELDS" IS NULL THEN '' ELSE 'user_custom_fields=' || TO_JSON(TO_VARIANT("USER_CUSTOM_FIELDS")) || ',' END || CASE WHEN "USER_DISCORD" IS NULL THEN '' ELSE 'user_discord=' || TO_JSON(TO_VARIANT("USER_DISCORD")) || ',' END || CASE WHEN "USER_EMAIL" IS NULL THEN '' ELSE 'user_email=' || TO_JSON(TO_VARIANT("USER_EMAIL")) || ',' END || CASE WHEN "USER_EXTERNAL_PROFILES" IS NULL THEN '' ELSE 'user_external_profiles=' || TO_JSON(TO_VARIANT("USER_EXTERNAL_PROFILES")) || ',' END || CASE WHEN "USER_FIRST_NAME" IS NULL THEN '' ELSE 'user_first_name=' || TO_JSON(TO_VARIANT("USER_FIRST_NAME")) || ',' END || CASE WHEN "USER_FULL_NAME" IS NULL THEN '' ELSE 'user_full_name=' || TO_JSON(TO_VARIANT("USER_FULL_NAME")) || ',' END || CASE WHEN "USER_GITHUB" IS NULL THEN '' ELSE 'user_github=' || TO_JSON(TO_VARIANT("USER_GITHUB")) || ',' END || CASE WHEN "USER_ID" IS NULL THEN '' ELSE 'user_id=' || TO_JSON(TO_VARIANT("USER_ID")) || ',' END || CASE WHEN "USER_LAST_NAME" IS NULL THEN '' ELSE 'user_last_name=' || TO_JSON(TO_VARIANT("USER_LAST_NAME")) || ',' END || CASE WHEN "USER_LINKEDIN" IS NULL THEN '' ELSE 'user_linkedin=' || TO_JSON(TO_VARIANT("USER_LINKEDIN")) || ',' END || CASE WHEN "USER_RAW_LOCATION" IS NULL THEN '' ELSE 'user_raw_location=' || TO_JSON(TO_VARIANT("USER_RAW_LOCATION")) || ',' END || CASE WHEN "USER_REGION" IS NULL THEN '' ELSE 'user_region=' || TO_JSON(TO_VARIANT("USER_REGION")) || ',' END || CASE WHEN "USER_ROLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_role_at_company=' || TO_JSON(TO_VARIANT("USER_ROLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TAGS" IS NULL THEN '' ELSE 'user_tags=' || TO_JSON(TO_VARIANT("USER_TAGS")) || ',' END || CASE WHEN "USER_TITLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_title_at_company=' || TO_JSON(TO_VARIANT("USER_TITLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TWITTER" IS NULL THEN '' ELSE 'user_twitter=' || TO_JSON(TO_VARIANT("USER_TWITTER")) || ',' END || CASE WHEN "USER_USERNAME" IS NULL THEN '' ELSE 'user_username=' || TO_JSON(TO_VARIANT("USER_USERNAME")) || ',' END) AS fingerprint, HASH("ACTIVITY_TYPE", "CONTENT", "CONTENT_FORMAT", "ID", "PARENT_ACTIVITY_TYPE", "PARENT_ID", "SUB_SOURCE", "TAGS", "TIMESTAMP", "TITLE", "URL", "USER_AVATAR_URL", "USER_BIO", "USER_CITY", "USER_COMPANY_DOMAIN", "USER_COMPANY_NAME", "USER_COUNTRY", "USER_CUSTOM_FIELDS", "USER_DISCORD", "USER_EMAIL", "USER_EXTERNAL_PROFILES", "USER_FIRST_NAME", "USER_FULL_NAME", "USER_GITHUB", "USER_ID", "USER_LAST_NAME", "USER_LINKEDIN", "USER_RAW_LOCATION", "USER_REGION", "USER_ROLE_AT_COMPANY", "USER_TAGS", "USER_TITLE_AT_COMPANY", "USER_TWITTER", "USER_USERNAME") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "ACTIVITY_TYPE" AS "VALUE_ACTIVITY_TYPE", "TIMESTAMP" AS "VALUE_TIMESTAMP", "USER_ID" AS "VALUE_USER_ID", "USER_FULL_NAME" AS "VALUE_USER_FULL_NAME", "USER_FIRST_NAME" AS "VALUE_USER_FIRST_NAME", "USER_LAST_NAME" AS "VALUE_USER_LAST_NAME", "USER_USERNAME" AS "VALUE_USER_USERNAME", "USER_AVATAR_URL" AS "VALUE_USER_AVATAR_URL", "USER_BIO" AS "VALUE_USER_BIO", "USER_EMAIL" AS "VALUE_USER_EMAIL", "USER_LINKEDIN" AS "VALUE_USER_LINKEDIN", "USER_GITHUB" AS "VALUE_USER_GITHUB", "USER_TWITTER" AS "VALUE_USER_TWITTER", "USER_DISCORD" AS "VALUE_USER_DISCORD", "USER_EXTERNAL_PROFILES" AS "VALUE_USER_EXTERNAL_PROFILES", "USER_ROLE_AT_COMPANY" AS "VALUE_USER_ROLE_AT_COMPANY", "USER_TITLE_AT_COMPANY" AS "VALUE_USER_TITLE_AT_COMPANY", "USER_COMPANY_NAME" AS "VALUE_USER_COMPANY_NAME", "USER_COMPANY_DOMAIN" AS "VALUE_USER_COMPANY_DOMAIN", "USER_COUNTRY" AS "VALUE_USER_COUNTRY", "USER_CITY" AS "VALUE_USER_CITY", "USER_REGION" AS "VALUE_USER_REGION", "USER_RAW_LOCATION" AS "VALUE_USER_RAW_LOCATION", "USER_TAGS" AS "VALUE_USER_TAGS", "USER_CUSTOM_FIELDS" AS "VALUE_USER_CUSTOM_FIELDS", "TITLE" AS "VALUE_TITLE", "CONTENT" AS "VALUE_CONTENT", "CONTENT_FORMAT" AS "VALUE_CONTENT_FORMAT", "URL" AS "VALUE_URL", "SUB_SOURCE" AS "VALUE_SUB_SOURCE", "PARENT_ID" AS "VALUE_PARENT_ID", "PARENT_ACTIVITY_TYPE" AS "VALUE_PARENT_ACTIVITY_TYPE", "TAGS" AS "VALUE_TAGS" FROM (SELECT CASE WHEN "ACTIVITY_TYPE" IS NULL OR "ID" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256) ELSE CAST("ACTIVITY_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END)) || ']' END AS cr_key, "ID", "ACTIVITY_TYPE", "TIMESTAMP", "USER_ID", "USER_FULL_NAME", "USER_FIRST_NAME", "USER_LAST_NAME", "USER_USERNAME", "USER_AVATAR_URL", "USER_BIO", "USER_EMAIL", "USER_LINKEDIN", "USER_GITHUB", "USER_TWITTER", "USER_DISCORD", "USER_EXTERNAL_PROFILES", "USER_ROLE_AT_COMPANY", "USER_TITLE_AT_COMPANY", "USER_COMPANY_NAME", "USER_COMPANY_DOMAIN", "USER_COUNTRY", "USER_CITY", "USER_REGION", "USER_RAW_LOCATION", "USER_TAGS", "USER_CUSTOM_FIELDS", "TITLE", "CONTENT", "CONTENT_FORMAT", "URL", "SUB_SOURCE", "PARENT_ID", "PARENT_ACTIVITY_TYPE", "TAGS" FROM (SELECT * FROM "CRM"."ACTIVITIES" AS source WHERE "TIMESTAMP" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NTZ) AND "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NTZ) OR "TIMESTAMP" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "ACTIVITY_TYPE" IS NULL THEN '' ELSE 'activity_type=' || TO_JSON(TO_VARIANT("ACTIVITY_TYPE")) || ',' END || CASE WHEN "CONTENT" IS NULL THEN '' ELSE 'content=' || TO_JSON(TO_VARIANT("CONTENT")) || ',' END || CASE WHEN "CONTENT_FORMAT" IS NULL THEN '' ELSE 'content_format=' || TO_JSON(TO_VARIANT("CONTENT_FORMAT")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "PARENT_ACTIVITY_TYPE" IS NULL THEN '' ELSE 'parent_activity_type=' || TO_JSON(TO_VARIANT("PARENT_ACTIVITY_TYPE")) || ',' END || CASE WHEN "PARENT_ID" IS NULL THEN '' ELSE 'parent_id=' || TO_JSON(TO_VARIANT("PARENT_ID")) || ',' END || CASE WHEN "SUB_SOURCE" IS NULL THEN '' ELSE 'sub_source=' || TO_JSON(TO_VARIANT("SUB_SOURCE")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END || CASE WHEN "TIMESTAMP" IS NULL THEN '' ELSE 'timestamp=' || TO_JSON(TO_VARIANT("TIMESTAMP")) || ',' END || CASE WHEN "TITLE" IS NULL THEN '' ELSE 'title=' || TO_JSON(TO_VARIANT("TITLE")) || ',' END || CASE WHEN "URL" IS NULL THEN '' ELSE 'url=' || TO_JSON(TO_VARIANT("URL")) || ',' END || CASE WHEN "USER_AVATAR_URL" IS NULL THEN '' ELSE 'user_avatar_url=' || TO_JSON(TO_VARIANT("USER_AVATAR_URL")) || ',' END || CASE WHEN "USER_BIO" IS NULL THEN '' ELSE 'user_bio=' || TO_JSON(TO_VARIANT("USER_BIO")) || ',' END || CASE WHEN "USER_CITY" IS NULL THEN '' ELSE 'user_city=' || TO_JSON(TO_VARIANT("USER_CITY")) || ',' END || CASE WHEN "USER_COMPANY_DOMAIN" IS NULL THEN '' ELSE 'user_company_domain=' || TO_JSON(TO_VARIANT("USER_COMPANY_DOMAIN")) || ',' END || CASE WHEN "USER_COMPANY_NAME" IS NULL THEN '' ELSE 'user_company_name=' || TO_JSON(TO_VARIANT("USER_COMPANY_NAME")) || ',' END || CASE WHEN "USER_COUNTRY" IS NULL THEN '' ELSE 'user_country=' || TO_JSON(TO_VARIANT("USER_COUNTRY")) || ',' END || CASE WHEN "USER_CUSTOM_FIELDS" IS NULL THEN '' ELSE 'user_custom_fields=' || TO_JSON(TO_VARIANT("USER_CUSTOM_FIELDS")) || ',' END || CASE WHEN "USER_DISCORD" IS NULL THEN '' ELSE 'user_discord=' || TO_JSON(TO_VARIANT("USER_DISCORD")) || ',' END || CASE WHEN "USER_EMAIL" IS NULL THEN '' ELSE 'user_email=' || TO_JSON(TO_VARIANT("USER_EMAIL")) || ',' END || CASE WHEN "USER_EXTERNAL_PROFILES" IS NULL THEN '' ELSE 'user_external_profiles=' || TO_JSON(TO_VARIANT("USER_EXTERNAL_PROFILES")) || ',' END || CASE WHEN "USER_FIRST_NAME" IS NULL THEN '' ELSE 'user_first_name=' || TO_JSON(TO_VARIANT("USER_FIRST_NAME")) || ',' END || CASE WHEN "USER_FULL_NAME" IS NULL THEN '' ELSE 'user_full_name=' || TO_JSON(TO_VARIANT("USER_FULL_NAME")) || ',' END || CASE WHEN "USER_GITHUB" IS NULL THEN '' ELSE 'user_github=' || TO_JSON(TO_VARIANT("USER_GITHUB")) || ',' END || CASE WHEN "USER_ID" IS NULL THEN '' ELSE 'user_id=' || TO_JSON(TO_VARIANT("USER_ID")) || ',' END || CASE WHEN "USER_LAST_NAME" IS NULL THEN '' ELSE 'user_last_name=' || TO_JSON(TO_VARIANT("USER_LAST_NAME")) || ',' END || CASE WHEN "USER_LINKEDIN" IS NULL THEN '' ELSE 'user_linkedin=' || TO_JSON(TO_VARIANT("USER_LINKEDIN")) || ',' END || CASE WHEN "USER_RAW_LOCATION" IS NULL THEN '' ELSE 'user_raw_location=' || TO_JSON(TO_VARIANT("USER_RAW_LOCATION")) || ',' END || CASE WHEN "USER_REGION" IS NULL THEN '' ELSE 'user_region=' || TO_JSON(TO_VARIANT("USER_REGION")) || ',' END || CASE WHEN "USER_ROLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_role_at_company=' || TO_JSON(TO_VARIANT("USER_ROLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TAGS" IS NULL THEN '' ELSE 'user_tags=' || TO_JSON(TO_VARIANT("USER_TAGS")) || ',' END || CASE WHEN "USER_TITLE_AT_COMPANY" IS NULL THEN '' ELSE 'user_title_at_company=' || TO_JSON(TO_VARIANT("USER_TITLE_AT_COMPANY")) || ',' END || CASE WHEN "USER_TWITTER" IS NULL THEN '' ELSE 'user_twitter=' || TO_JSON(TO_VARIANT("USER_TWITTER")) || ',' END || CASE WHEN "USER_USERNAME" IS NULL THEN '' ELSE 'user_username=' || TO_JSON(TO_VARIANT("USER_USERNAME")) || ',' END) AS fingerprint, HASH("ACTIVITY_TYPE", "CONTENT", "CONTENT_FORMAT", "ID", "PARENT_ACTIVITY_TYPE", "PARENT_ID", "SUB_SOURCE", "TAGS", "TIMESTAMP", "TITLE", "URL", "USER_AVATAR_URL", "USER_BIO", "USER_CITY", "USER_COMPANY_DOMAIN", "USER_COMPANY_NAME", "USER_COUNTRY", "USER_CUSTOM_FIELDS", "USER_DISCORD", "USER_EMAIL", "USER_EXTERNAL_PROFILES", "USER_FIRST_NAME", "USER_FULL_NAME", "USER_GITHUB", "USER_ID", "USER_LAST_NAME", "USER_LINKEDIN", "USER_RAW_LOCATION", "USER_REGION", "USER_ROLE_AT_COMPANY", "USER_TAGS", "USER_TITLE_AT_COMPANY", "USER_TWITTER", "USER_USERNAME") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "ACTIVITY_TYPE" AS "VALUE_ACTIVITY_TYPE", "TIMESTAMP" AS "VALUE_TIMESTAMP", "USER_ID" AS "VALUE_USER_ID", "USER_FULL_NAME" AS "VALUE_USER_FULL_NAME", "USER_FIRST_NAME" AS "VALUE_USER_FIRST_NAME", "USER_LAST_NAME" AS "VALUE_USER_LAST_NAME", "USER_USERNAME" AS "VALUE_USER_USERNAME", "USER_AVATAR_URL" AS "VALUE_USER_AVATAR_URL", "USER_BIO" AS "VALUE_USER_BIO", "USER_EMAIL" AS "VALUE_USER_EMAIL", "USER_LINKEDIN" AS "VALUE_USER_LINKEDIN", "USER_GITHUB" AS "VALUE_USER_GITHUB", "USER_TWITTER" AS "VALUE_USER_TWITTER", "USER_DISCORD" AS "VALUE_USER_DISCORD", "USER_EXTERNAL_PROFILES" AS "VALUE_USER_EXTERNAL_PROFILES", "USER_ROLE_AT_COMPANY" AS "VALUE_USER_ROLE_AT_COMPANY", "USER_TITLE_AT_COMPANY" AS "VALUE_USER_TITLE_AT_COMPANY", "USER_COMPANY_NAME" AS "VALUE_USER_COMPANY_NAME", "USER_COMPANY_DOMAIN" AS "VALUE_USER_COMPANY_DOMAIN", "USER_COUNTRY" AS "VALUE_USER_COUNTRY", "USER_CITY" AS "VALUE_USER_CITY", "USER_REGION" AS "VALUE_USER_REGION", "USER_RAW_LOCATION" AS "VALUE_USER_RAW_LOCATION", "USER_TAGS" AS "VALUE_USER_TAGS", "USER_CUSTOM_FIELDS" AS "VALUE_USER_CUSTOM_FIELDS", "TITLE" AS "VALUE_TITLE", "CONTENT" AS "VALUE_CONTENT", "CONTENT_FORMAT" AS "VALUE_CONTENT_FORMAT", "URL" AS "VALUE_URL", "SUB_SOURCE" AS "VALUE_SUB_SOURCE", "PARENT_ID" AS "VALUE_PARENT_ID", "PARENT_ACTIVITY_TYPE" AS "VALUE_PARENT_ACTIVITY_TYPE", "TAGS" AS "VALUE_TAGS" FROM (SELECT CASE WHEN "ACTIVITY_TYPE" IS NULL OR "ID" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256) ELSE CAST("ACTIVITY_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END)) || ']' END AS cr_key, "ID", "ACTIVITY_TYPE", "TIMESTAMP", "USER_ID", "USER_FULL_NAME", "USER_FIRST_NAME", "USER_LAST_NAME", "USER_USERNAME", "USER_AVATAR_URL", "USER_BIO", "USER_EMAIL", "USER_LINKEDIN", "USER_GITHUB", "USER_TWITTER", "USER_DISCORD", "USER_EXTERNAL_PROFILES", "USER_ROLE_AT_COMPANY", "USER_TITLE_AT_COMPANY", "USER_COMPANY_NAME", "USER_COMPANY_DOMAIN", "USER_COUNTRY", "USER_CITY", "USER_REGION", "USER_RAW_LOCATION", "USER_TAGS", "USER_CUSTOM_FIELDS", "TITLE", "CONTENT", "CONTENT_FORMAT", "URL", "SUB_SOURCE", "PARENT_ID", "PARENT_ACTIVITY_TYPE", "TAGS" FROM (SELECT * FROM "CRM"."ACTIVITIES" AS source WHERE "TIMESTAMP" >= CAST('2025-12-31 00:00:00' AS TIMESTAMP_NTZ) AND "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMP_NTZ) OR "TIMESTAMP" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 3d19ccfb' FROM cr_refreshed AS r WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'activities', '2025-12-31', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'activities' AND "PARTITION" = '2025-12-31');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('activities', '@null 2025-12-31', '2025-12-31', 'invalid', 0, 'null_key', 'activity_type, id', '1 row without activity_type, id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'activities', d.key, '2025-12-31', 'invalid', 0, 'duplicate_key', 'activity_type, id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'activities' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31'
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'activities' AND "PARTITION" = '2025-12-31' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'members' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'members'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'members' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'members' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'members', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'members' AND "PARTITION" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'members' AND "PARTITION" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN "SEGMENT" IS NULL OR "SOCIAL_TYPE" IS NULL OR "VALUE" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SEGMENT" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SEGMENT" AS VARCHAR), 256) ELSE CAST("SEGMENT" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256) ELSE CAST("SOCIAL_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256) ELSE CAST("VALUE" AS VARCHAR) END)) || ']' END AS key, HASH("SEGMENT", "SOCIAL_TYPE", "STATUS", "VALUE") AS row_hash FROM (SELECT * FROM "CRM"."SEGMENT_MEMBERS" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'members' AND "PARTITION" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 92c48148' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'members' AND "PARTITION" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'members' AND "PARTITION" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 92c48148' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'members' AND "PARTITION" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'members' AND "PARTITION" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN "SEGMENT" IS NULL OR "SOCIAL_TYPE" IS NULL OR "VALUE" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SEGMENT" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SEGMENT" AS VARCHAR), 256) ELSE CAST("SEGMENT" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256) ELSE CAST("SOCIAL_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256) ELSE CAST("VALUE" AS VARCHAR) END)) || ']' END AS cr_key, "SEGMENT", "SOCIAL_TYPE", "VALUE", "STATUS" FROM (SELECT * FROM "CRM"."SEGMENT_MEMBERS" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END || CASE WHEN "SOCIAL_TYPE" IS NULL THEN '' ELSE 'social_type=' || TO_JSON(TO_VARIANT("SOCIAL_TYPE")) || ',' END || CASE WHEN "STATUS" IS NULL THEN '' ELSE 'status=' || TO_JSON(TO_VARIANT("STATUS")) || ',' END || CASE WHEN "VALUE" IS NULL THEN '' ELSE 'value=' || TO_JSON(TO_VARIANT("VALUE")) || ',' END) = c.was_fingerprint;

SELECT o.key, o.why, md5(CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END || CASE WHEN "SOCIAL_TYPE" IS NULL THEN '' ELSE 'social_type=' || TO_JSON(TO_VARIANT("SOCIAL_TYPE")) || ',' END || CASE WHEN "STATUS" IS NULL THEN '' ELSE 'status=' || TO_JSON(TO_VARIANT("STATUS")) || ',' END || CASE WHEN "VALUE" IS NULL THEN '' ELSE 'value=' || TO_JSON(TO_VARIANT("VALUE")) || ',' END) AS fingerprint, HASH("SEGMENT", "SOCIAL_TYPE", "STATUS", "VALUE") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "SEGMENT" AS "VALUE_SEGMENT", "SOCIAL_TYPE" AS "VALUE_SOCIAL_TYPE", "VALUE" AS "VALUE_VALUE", "STATUS" AS "VALUE_STATUS" FROM (SELECT CASE WHEN "SEGMENT" IS NULL OR "SOCIAL_TYPE" IS NULL OR "VALUE" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SEGMENT" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SEGMENT" AS VARCHAR), 256) ELSE CAST("SEGMENT" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256) ELSE CAST("SOCIAL_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256) ELSE CAST("VALUE" AS VARCHAR) END)) || ']' END AS cr_key, "SEGMENT", "SOCIAL_TYPE", "VALUE", "STATUS" FROM (SELECT * FROM "CRM"."SEGMENT_MEMBERS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0 ORDER BY s."SEGMENT", s."SOCIAL_TYPE", s."STATUS";

SELECT o.key, o.why, md5(CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END || CASE WHEN "SOCIAL_TYPE" IS NULL THEN '' ELSE 'social_type=' || TO_JSON(TO_VARIANT("SOCIAL_TYPE")) || ',' END || CASE WHEN "STATUS" IS NULL THEN '' ELSE 'status=' || TO_JSON(TO_VARIANT("STATUS")) || ',' END || CASE WHEN "VALUE" IS NULL THEN '' ELSE 'value=' || TO_JSON(TO_VARIANT("VALUE")) || ',' END) AS fingerprint, HASH("SEGMENT", "SOCIAL_TYPE", "STATUS", "VALUE") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "SEGMENT" AS "VALUE_SEGMENT", "SOCIAL_TYPE" AS "VALUE_SOCIAL_TYPE", "VALUE" AS "VALUE_VALUE", "STATUS" AS "VALUE_STATUS" FROM (SELECT CASE WHEN "SEGMENT" IS NULL OR "SOCIAL_TYPE" IS NULL OR "VALUE" IS NULL THEN NULL ELSE '[' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SEGMENT" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SEGMENT" AS VARCHAR), 256) ELSE CAST("SEGMENT" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256) ELSE CAST("SOCIAL_TYPE" AS VARCHAR) END)) || ',' || TO_JSON(TO_VARIANT(CASE WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256) ELSE CAST("VALUE" AS VARCHAR) END)) || ']' END AS cr_key, "SEGMENT", "SOCIAL_TYPE", "VALUE", "STATUS" FROM (SELECT * FROM "CRM"."SEGMENT_MEMBERS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1 ORDER BY s."SEGMENT", s."SOCIAL_TYPE", s."STATUS";

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 92c48148' FROM cr_refreshed AS r WHERE sync = 'members' AND "PARTITION" = '' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'members' AND "PARTITION" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'members' AND "PARTITION" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'members', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'members' AND "PARTITION" = '');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('members', '@null', '', 'invalid', 0, 'null_key', 'segment, social_type, value', '1 row without segment, social_type, value; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'members', d.key, '', 'invalid', 0, 'duplicate_key', 'segment, social_type, value', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'members' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'members' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'members' AND "PARTITION" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'members' AND "PARTITION" = ''
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'members' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'members' AND "PARTITION" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'notes' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'notes'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'notes' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'notes' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'notes', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'notes' AND "PARTITION" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'notes' AND "PARTITION" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS key, HASH("ID", "NOTE", "SEGMENT") AS row_hash FROM (SELECT * FROM "CRM"."NOTES" AS source) AS source_rows) AS hashed WHERE key IN ('1');

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'notes' AND "PARTITION" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 13f707de' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'notes' AND "PARTITION" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'notes' AND "PARTITION" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 13f707de' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'notes' AND "PARTITION" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'notes' AND "PARTITION" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "SEGMENT", "NOTE" FROM (SELECT * FROM "CRM"."NOTES" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "NOTE" IS NULL THEN '' ELSE 'note=' || TO_JSON(TO_VARIANT("NOTE")) || ',' END || CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END) = c.was_fingerprint;

UPDATE cr_compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new', 'outdated', 'unknown') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "NOTE" IS NULL THEN '' ELSE 'note=' || TO_JSON(TO_VARIANT("NOTE")) || ',' END || CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END) AS fingerprint, HASH("ID", "NOTE", "SEGMENT") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "SEGMENT" AS "VALUE_SEGMENT", "NOTE" AS "VALUE_NOTE" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "SEGMENT", "NOTE" FROM (SELECT * FROM "CRM"."NOTES" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "NOTE" IS NULL THEN '' ELSE 'note=' || TO_JSON(TO_VARIANT("NOTE")) || ',' END || CASE WHEN "SEGMENT" IS NULL THEN '' ELSE 'segment=' || TO_JSON(TO_VARIANT("SEGMENT")) || ',' END) AS fingerprint, HASH("ID", "NOTE", "SEGMENT") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "SEGMENT" AS "VALUE_SEGMENT", "NOTE" AS "VALUE_NOTE" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "SEGMENT", "NOTE" FROM (SELECT * FROM "CRM"."NOTES" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 13f707de' FROM cr_refreshed AS r WHERE sync = 'notes' AND "PARTITION" = '' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'notes' AND "PARTITION" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'notes' AND "PARTITION" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('notes', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'notes', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'notes' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL) AND coalesce(l.status, '') NOT IN ('delivered', 'unknown');

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'notes' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'notes' AND "PARTITION" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'notes' AND "PARTITION" = ''
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'notes' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'notes' AND "PARTITION" = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'tags' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'tags'
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CAST(NULL AS TIMESTAMP_TZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'tags' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "SUPPRESSED_FOR" = source."SUPPRESSED_FOR", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "ABSENT_SINCE" = source."ABSENT_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "SUPPRESSED_FOR", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "ABSENT_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."SUPPRESSED_FOR", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."ABSENT_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'tags' AND key IN (
  SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
);

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

INSERT INTO "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID", "SYNC", "PARTITION", "STATE", "HOST", "PROCESS", "STARTED_AT", "HEARTBEAT_AT", "RESYNC")
VALUES ('run', 'tags', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'tags' AND "PARTITION" = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE sync = 'tags' AND "PARTITION" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("NAME" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("NAME" AS VARCHAR), 256) ELSE CAST("NAME" AS VARCHAR) END AS key, HASH("DESCRIPTION", "ENTITY_TYPES", "NAME") AS row_hash FROM (SELECT * FROM "CRM"."TAGS" AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'tags' AND "PARTITION" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'snowflake hash, columns 05e7dafa' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND "PARTITION" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'tags' AND "PARTITION" = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 05e7dafa' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND "PARTITION" = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'tags' AND "PARTITION" = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("NAME" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("NAME" AS VARCHAR), 256) ELSE CAST("NAME" AS VARCHAR) END AS cr_key, "NAME", "DESCRIPTION", "ENTITY_TYPES" FROM (SELECT * FROM "CRM"."TAGS" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND md5(CASE WHEN "DESCRIPTION" IS NULL THEN '' ELSE 'description=' || TO_JSON(TO_VARIANT("DESCRIPTION")) || ',' END || CASE WHEN "ENTITY_TYPES" IS NULL THEN '' ELSE 'entity_types=' || TO_JSON(TO_VARIANT("ENTITY_TYPES")) || ',' END || CASE WHEN "NAME" IS NULL THEN '' ELSE 'name=' || TO_JSON(TO_VARIANT("NAME")) || ',' END) = c.was_fingerprint;

SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key;

UPDATE cr_compared SET why = 'missing' WHERE key IN ('deleted by hand');

SELECT count(*) FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND "PARTITION" = '') AS l WHERE there IS NOT NULL;

SELECT key FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND "PARTITION" = '') AS l WHERE there IS NOT NULL AND key NOT IN (SELECT key FROM cr_source_keys WHERE key IS NOT NULL) ORDER BY key;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, md5(CASE WHEN "DESCRIPTION" IS NULL THEN '' ELSE 'description=' || TO_JSON(TO_VARIANT("DESCRIPTION")) || ',' END || CASE WHEN "ENTITY_TYPES" IS NULL THEN '' ELSE 'entity_types=' || TO_JSON(TO_VARIANT("ENTITY_TYPES")) || ',' END || CASE WHEN "NAME" IS NULL THEN '' ELSE 'name=' || TO_JSON(TO_VARIANT("NAME")) || ',' END) AS fingerprint, HASH("DESCRIPTION", "ENTITY_TYPES", "NAME") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "NAME" AS "VALUE_NAME", "DESCRIPTION" AS "VALUE_DESCRIPTION", "ENTITY_TYPES" AS "VALUE_ENTITY_TYPES" FROM (SELECT CASE WHEN CAST("NAME" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("NAME" AS VARCHAR), 256) ELSE CAST("NAME" AS VARCHAR) END AS cr_key, "NAME", "DESCRIPTION", "ENTITY_TYPES" FROM (SELECT * FROM "CRM"."TAGS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(CASE WHEN "DESCRIPTION" IS NULL THEN '' ELSE 'description=' || TO_JSON(TO_VARIANT("DESCRIPTION")) || ',' END || CASE WHEN "ENTITY_TYPES" IS NULL THEN '' ELSE 'entity_types=' || TO_JSON(TO_VARIANT("ENTITY_TYPES")) || ',' END || CASE WHEN "NAME" IS NULL THEN '' ELSE 'name=' || TO_JSON(TO_VARIANT("NAME")) || ',' END) AS fingerprint, HASH("DESCRIPTION", "ENTITY_TYPES", "NAME") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "NAME" AS "VALUE_NAME", "DESCRIPTION" AS "VALUE_DESCRIPTION", "ENTITY_TYPES" AS "VALUE_ENTITY_TYPES" FROM (SELECT CASE WHEN CAST("NAME" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("NAME" AS VARCHAR), 256) ELSE CAST("NAME" AS VARCHAR) END AS cr_key, "NAME", "DESCRIPTION", "ENTITY_TYPES" FROM (SELECT * FROM "CRM"."TAGS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 05e7dafa' FROM cr_refreshed AS r WHERE sync = 'tags' AND "PARTITION" = '' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'tags' AND "PARTITION" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL WHERE sync = 'tags' AND "PARTITION" = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'tags', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'tags' AND "PARTITION" = '');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('tags', '@null', '', 'invalid', 0, 'null_key', 'name', '1 row without name; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'tags', d.key, '', 'invalid', 0, 'duplicate_key', 'name', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'tags' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "HEARTBEAT_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
WHERE sync = 'tags' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM "COMMON_ROOM"."KNOWN_ADDRESSES" WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE sync = 'tags' AND "PARTITION" = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE sync = 'tags' AND "PARTITION" = ''
ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS"
SET "STATE" = 'succeeded', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), "DELIVERED" = 1, "SECONDS" = 0.5, "STOPPED_BY" = NULL
WHERE sync = 'tags' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE sync = 'tags' AND "PARTITION" = '' AND run_id = 'run';

DELETE FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'tags' AND key IN ('absent');

DELETE FROM "COMMON_ROOM"."ROOM_SEGMENTS" WHERE 1 = 1;

SELECT sync, "PARTITION", count(*) FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL) AND sync = 'tags'
GROUP BY sync, "PARTITION"
HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)
ORDER BY sync, "PARTITION";

SELECT 1 FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE sync = 'tags' AND "PARTITION" = '' AND heartbeat_at >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) LIMIT 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE sync = 'tags' AND "PARTITION" = '' AND status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL);

