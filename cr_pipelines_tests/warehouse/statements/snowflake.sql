SELECT lower(table_name) FROM information_schema.tables WHERE lower(table_schema) = 'common_room';

CREATE SCHEMA IF NOT EXISTS "COMMON_ROOM";

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_LEDGER" ("SYNC" VARCHAR, "KEY" VARCHAR, "PARTITION" VARCHAR, "FINGERPRINT" VARCHAR, "DELIVERED_FINGERPRINT" VARCHAR, "ROW_HASH" BIGINT, "ROW_HASH_VERSION" VARCHAR, "STATUS" VARCHAR, "ATTEMPTS" INTEGER, "NOT_FOUND_RUNS" INTEGER, "HTTP_STATUS" INTEGER, "REASON_CODE" VARCHAR, "FIELD" VARCHAR, "MESSAGE" VARCHAR, "EMAIL_HASH" VARCHAR, "FIRST_SENT_AT" TIMESTAMP_TZ, "LAST_SENT_AT" TIMESTAMP_TZ, "RUN_ID" VARCHAR, "GONE_SINCE" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC" VARCHAR, "KEY" VARCHAR, "PARTITION" VARCHAR, "FINGERPRINT" VARCHAR, "ROW_HASH" BIGINT, "ROW_HASH_VERSION" VARCHAR, "STATUS" VARCHAR, "ATTEMPTS" INTEGER, "HTTP_STATUS" INTEGER, "REASON_CODE" VARCHAR, "FIELD" VARCHAR, "MESSAGE" VARCHAR, "EMAIL_HASH" VARCHAR, "SENT_AT" TIMESTAMP_TZ, "RECORDED_AT" TIMESTAMP_TZ, "RUN_ID" VARCHAR);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_INTENTS" ("SYNC" VARCHAR, "PARTITION" VARCHAR, "KEY" VARCHAR, "RUN_ID" VARCHAR);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_RUNS" ("RUN_ID" VARCHAR, "SYNC" VARCHAR, "PARTITION" VARCHAR, "STATE" VARCHAR, "STOPPED_BY" VARCHAR, "HOST" VARCHAR, "PROCESS" INTEGER, "STARTED_AT" TIMESTAMP_TZ, "HEARTBEAT_AT" TIMESTAMP_TZ, "FINISHED_AT" TIMESTAMP_TZ, "RESYNC" VARCHAR, "SOURCE_ROWS" BIGINT, "UNCHANGED" BIGINT, "OFFERED" BIGINT, "GONE" BIGINT, "DELIVERED" BIGINT, "INVALID" BIGINT, "REJECTED" BIGINT, "FAILED" BIGINT, "SUPPRESSED" BIGINT, "UNKNOWN" BIGINT, "NOT_SENT" BIGINT, "OUTDATED" BIGINT, "MISSING" BIGINT, "REMOVED" BIGINT, "REQUESTS" BIGINT, "RATE_LIMITED" BIGINT, "RETRIES" BIGINT, "RATE_LIMIT" BIGINT, "INTERVAL_SECONDS" DOUBLE, "RATE_USED" DOUBLE, "SECONDS" DOUBLE);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."FORMER_ADDRESSES" ("SYNC" VARCHAR, "KEY" VARCHAR, "EMAIL_HASH" VARCHAR, "REPLACED_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_ACTIVITY_TYPES" ("ID" VARCHAR, "NAME" VARCHAR, "DISPLAY_NAME" VARCHAR, "READ_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_CUSTOM_FIELDS" ("ID" BIGINT, "NAME" VARCHAR, "TYPE" VARCHAR, "MULTIVALUE" BOOLEAN, "ACCEPTED_VALUES" VARCHAR, "WRITABLE" BOOLEAN, "READ_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENTS" ("ID" BIGINT, "NAME" VARCHAR, "READ_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENT_STATUSES" ("SEGMENT_ID" BIGINT, "ID" BIGINT, "NAME" VARCHAR, "READ_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_TAGS" ("ID" VARCHAR, "NAME" VARCHAR, "DESCRIPTION" VARCHAR, "ENTITY_TYPES" VARCHAR, "CREATED_AT" TIMESTAMP_TZ, "READ_AT" TIMESTAMP_TZ);

CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."PII_REMOVALS" ("REQUEST_ID" VARCHAR, "EMAIL_HASH" VARCHAR, "EMAIL" VARCHAR, "STATUS" VARCHAR, "REQUESTED_AT" TIMESTAMP_TZ, "SEEN_AT" TIMESTAMP_TZ, "SUBMITTED_AT" TIMESTAMP_TZ, "DUE_AT" TIMESTAMP_TZ, "VERIFIED_AT" TIMESTAMP_TZ, "ATTEMPTS" INTEGER, "HTTP_STATUS" INTEGER, "REASON_CODE" VARCHAR, "MESSAGE" VARCHAR, "LIFTED_AT" TIMESTAMP_TZ, "LIFTED_REASON" VARCHAR, "RUN_ID" VARCHAR);

CREATE VIEW "COMMON_ROOM"."REJECTED_ROWS" AS 
SELECT sync, key, "PARTITION", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL;

SELECT max(recorded_at) FROM (SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' ORDER BY recorded_at LIMIT 100000) AS portion;

BEGIN TRANSACTION;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)) AS numbered WHERE newness = 1) AS o LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (SELECT o.sync AS "SYNC", o.key AS "KEY", o."PARTITION" AS "PARTITION", o.fingerprint AS "FINGERPRINT", CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS "DELIVERED_FINGERPRINT", o.row_hash AS "ROW_HASH", o.row_hash_version AS "ROW_HASH_VERSION", o.status AS "STATUS", o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS", CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS", o.http_status AS "HTTP_STATUS", o.reason_code AS "REASON_CODE", o.field AS "FIELD", o.message AS "MESSAGE", coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH", coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT", coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT", o.run_id AS "RUN_ID", CAST(NULL AS TIMESTAMP_TZ) AS "GONE_SINCE" FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)) AS numbered WHERE newness = 1) AS o LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts') AS d ON d.key = o.key) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "GONE_SINCE" = source."GONE_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "GONE_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."GONE_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND key IN (SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

COMMIT;

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS" WHERE sync = 'contacts' AND "PARTITION" = '' AND state = 'running' AND NOT (sync = 'contacts' AND "PARTITION" = '' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted' WHERE sync = 'contacts' AND "PARTITION" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS key, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS BIGINT) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '') AS i ON i.key = s.key) AS joined WHERE why <> 'unchanged' OR gone_since IS NOT NULL;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null');

CREATE TEMPORARY TABLE cr_refreshed (key VARCHAR, row_hash BIGINT, why VARCHAR);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) = l.known_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '') AS l ON l.key = c.key;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM "CRM"."COMMON_ROOM_CONTACTS" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'contacts' AND "PARTITION" = '' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'contacts' AND "PARTITION" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND gone_since IS NOT NULL LIMIT 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET gone_since = NULL WHERE sync = 'contacts' AND "PARTITION" = '' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

SELECT * FROM (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL) AS erased;

SELECT key FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL) UNION ALL SELECT key FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'contacts' AND "PARTITION" = '' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS" WHERE sync = 'contacts' AND "PARTITION" = '' ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'contacts' AND "PARTITION" = '' AND run_id = 'run';

SELECT max(recorded_at) FROM (SELECT recorded_at FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' ORDER BY recorded_at LIMIT 100000) AS portion;

INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)) AS numbered WHERE newness = 1) AS o LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target USING (SELECT o.sync AS "SYNC", o.key AS "KEY", o."PARTITION" AS "PARTITION", o.fingerprint AS "FINGERPRINT", CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS "DELIVERED_FINGERPRINT", o.row_hash AS "ROW_HASH", o.row_hash_version AS "ROW_HASH_VERSION", o.status AS "STATUS", o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS", CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "NOT_FOUND_RUNS", o.http_status AS "HTTP_STATUS", o.reason_code AS "REASON_CODE", o.field AS "FIELD", o.message AS "MESSAGE", coalesce(o.email_hash, l.email_hash) AS "EMAIL_HASH", coalesce(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT", coalesce(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT", o.run_id AS "RUN_ID", CAST(NULL AS TIMESTAMP_TZ) AS "GONE_SINCE" FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ)) AS numbered WHERE newness = 1) AS o LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s') AS d ON d.key = o.key) AS source ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY" WHEN MATCHED THEN UPDATE SET "PARTITION" = source."PARTITION", "FINGERPRINT" = source."FINGERPRINT", "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT", "ROW_HASH" = source."ROW_HASH", "ROW_HASH_VERSION" = source."ROW_HASH_VERSION", "STATUS" = source."STATUS", "ATTEMPTS" = source."ATTEMPTS", "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS", "HTTP_STATUS" = source."HTTP_STATUS", "REASON_CODE" = source."REASON_CODE", "FIELD" = source."FIELD", "MESSAGE" = source."MESSAGE", "EMAIL_HASH" = source."EMAIL_HASH", "FIRST_SENT_AT" = source."FIRST_SENT_AT", "LAST_SENT_AT" = source."LAST_SENT_AT", "RUN_ID" = source."RUN_ID", "GONE_SINCE" = source."GONE_SINCE" WHEN NOT MATCHED THEN INSERT ("SYNC", "KEY", "PARTITION", "FINGERPRINT", "DELIVERED_FINGERPRINT", "ROW_HASH", "ROW_HASH_VERSION", "STATUS", "ATTEMPTS", "NOT_FOUND_RUNS", "HTTP_STATUS", "REASON_CODE", "FIELD", "MESSAGE", "EMAIL_HASH", "FIRST_SENT_AT", "LAST_SENT_AT", "RUN_ID", "GONE_SINCE") VALUES (source."SYNC", source."KEY", source."PARTITION", source."FINGERPRINT", source."DELIVERED_FINGERPRINT", source."ROW_HASH", source."ROW_HASH_VERSION", source."STATUS", source."ATTEMPTS", source."NOT_FOUND_RUNS", source."HTTP_STATUS", source."REASON_CODE", source."FIELD", source."MESSAGE", source."EMAIL_HASH", source."FIRST_SENT_AT", source."LAST_SENT_AT", source."RUN_ID", source."GONE_SINCE");

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND key IN (SELECT key FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

SELECT run_id, host, process, started_at, heartbeat_at FROM "COMMON_ROOM"."SYNC_RUNS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND state = 'running' AND NOT (sync = 'it''s' AND "PARTITION" = '2026-01-01' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ));

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted' WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS key, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'snowflake hash, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS i ON i.key = s.key) AS joined;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null 2026-01-01');

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) = l.known_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01') AS l ON l.key = c.key;

SELECT o.key, o.why, MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, MD5(CASE WHEN "CUSTOM_FIELDS" IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON(TO_VARIANT("CUSTOM_FIELDS")) || ',' END || CASE WHEN "EMAIL" IS NULL THEN '' ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ',' END || CASE WHEN "FULL_NAME" IS NULL THEN '' ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ',' END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END || CASE WHEN "TAGS" IS NULL THEN '' ELSE 'tags=' || TO_JSON(TO_VARIANT("TAGS")) || ',' END) AS fingerprint, HASH("CUSTOM_FIELDS", "EMAIL", "FULL_NAME", "ID", "TAGS") AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "ID" AS "VALUE_ID", "FULL_NAME" AS "VALUE_FULL_NAME", "EMAIL" AS "VALUE_EMAIL", "TAGS" AS "VALUE_TAGS", "CUSTOM_FIELDS" AS "VALUE_CUSTOM_FIELDS" FROM (SELECT CASE WHEN CAST("ID" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256) ELSE CAST("ID" AS VARCHAR) END AS cr_key, "ID", "FULL_NAME", "EMAIL", "TAGS", "CUSTOM_FIELDS" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "SEEN_AT" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) AND "SEEN_AT" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) OR "SEEN_AT" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'snowflake hash, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND "SYNC_LEDGER".key = r.key;

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ) WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET gone_since = NULL WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (sync, "PARTITION", key, run_id) SELECT 'it''s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") VALUES ('it''s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run');

INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" ("SYNC", "KEY", "PARTITION", "STATUS", "ATTEMPTS", "REASON_CODE", "FIELD", "MESSAGE", "RECORDED_AT", "RUN_ID") SELECT 'it''s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP_TZ), 'run' FROM cr_duplicates AS d LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l ON l.sync = 'it''s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ) WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL) UNION ALL SELECT key FROM "COMMON_ROOM"."FORMER_ADDRESSES" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "COMMON_ROOM"."PII_REMOVALS" WHERE lifted_at IS NULL);

SELECT status, count(*) FROM "COMMON_ROOM"."SYNC_LEDGER" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM "COMMON_ROOM"."REJECTED_ROWS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' ORDER BY key LIMIT 20;

UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP_TZ), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM "COMMON_ROOM"."SYNC_INTENTS" WHERE sync = 'it''s' AND "PARTITION" = '2026-01-01' AND run_id = 'run';

