SELECT lower(table_name) FROM information_schema.tables WHERE lower(table_schema) = 'common_room';

CREATE SCHEMA IF NOT EXISTS "common_room";

CREATE TABLE IF NOT EXISTS "common_room"."sync_ledger" ("sync" VARCHAR, "key" VARCHAR, "partition" VARCHAR, "fingerprint" VARCHAR, "delivered_fingerprint" VARCHAR, "row_hash" BIGINT, "row_hash_version" VARCHAR, "status" VARCHAR, "attempts" INTEGER, "not_found_runs" INTEGER, "http_status" INTEGER, "reason_code" VARCHAR, "field" VARCHAR, "message" VARCHAR, "email_hash" VARCHAR, "first_sent_at" TIMESTAMP WITH TIME ZONE, "last_sent_at" TIMESTAMP WITH TIME ZONE, "run_id" VARCHAR, "gone_since" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."sync_outcomes" ("sync" VARCHAR, "key" VARCHAR, "partition" VARCHAR, "fingerprint" VARCHAR, "row_hash" BIGINT, "row_hash_version" VARCHAR, "status" VARCHAR, "attempts" INTEGER, "http_status" INTEGER, "reason_code" VARCHAR, "field" VARCHAR, "message" VARCHAR, "email_hash" VARCHAR, "sent_at" TIMESTAMP WITH TIME ZONE, "recorded_at" TIMESTAMP WITH TIME ZONE, "run_id" VARCHAR);

CREATE TABLE IF NOT EXISTS "common_room"."sync_intents" ("sync" VARCHAR, "partition" VARCHAR, "key" VARCHAR, "run_id" VARCHAR);

CREATE TABLE IF NOT EXISTS "common_room"."sync_runs" ("run_id" VARCHAR, "sync" VARCHAR, "partition" VARCHAR, "state" VARCHAR, "stopped_by" VARCHAR, "host" VARCHAR, "process" INTEGER, "started_at" TIMESTAMP WITH TIME ZONE, "heartbeat_at" TIMESTAMP WITH TIME ZONE, "finished_at" TIMESTAMP WITH TIME ZONE, "resync" VARCHAR, "source_rows" BIGINT, "unchanged" BIGINT, "offered" BIGINT, "gone" BIGINT, "delivered" BIGINT, "invalid" BIGINT, "rejected" BIGINT, "failed" BIGINT, "suppressed" BIGINT, "unknown" BIGINT, "not_sent" BIGINT, "outdated" BIGINT, "missing" BIGINT, "removed" BIGINT, "requests" BIGINT, "rate_limited" BIGINT, "retries" BIGINT, "rate_limit" BIGINT, "interval_seconds" DOUBLE, "rate_used" DOUBLE, "seconds" DOUBLE);

CREATE TABLE IF NOT EXISTS "common_room"."former_addresses" ("sync" VARCHAR, "key" VARCHAR, "email_hash" VARCHAR, "replaced_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."room_activity_types" ("id" VARCHAR, "name" VARCHAR, "display_name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."room_custom_fields" ("id" BIGINT, "name" VARCHAR, "type" VARCHAR, "multivalue" BOOLEAN, "accepted_values" VARCHAR, "writable" BOOLEAN, "read_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."room_segments" ("id" BIGINT, "name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."room_segment_statuses" ("segment_id" BIGINT, "id" BIGINT, "name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."room_tags" ("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "entity_types" VARCHAR, "created_at" TIMESTAMP WITH TIME ZONE, "read_at" TIMESTAMP WITH TIME ZONE);

CREATE TABLE IF NOT EXISTS "common_room"."pii_removals" ("request_id" VARCHAR, "email_hash" VARCHAR, "email" VARCHAR, "status" VARCHAR, "requested_at" TIMESTAMP WITH TIME ZONE, "seen_at" TIMESTAMP WITH TIME ZONE, "submitted_at" TIMESTAMP WITH TIME ZONE, "due_at" TIMESTAMP WITH TIME ZONE, "verified_at" TIMESTAMP WITH TIME ZONE, "attempts" INTEGER, "http_status" INTEGER, "reason_code" VARCHAR, "message" VARCHAR, "lifted_at" TIMESTAMP WITH TIME ZONE, "lifted_reason" VARCHAR, "run_id" VARCHAR);

CREATE VIEW "common_room"."rejected_rows" AS 
SELECT sync, key, "partition", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM "common_room"."sync_ledger" WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL;

SELECT max(recorded_at) FROM (SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' ORDER BY recorded_at LIMIT 100000) AS portion;

BEGIN TRANSACTION;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)) AS numbered WHERE newness = 1) AS o LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (SELECT o.sync AS "sync", o.key AS "key", o."partition" AS "partition", o.fingerprint AS "fingerprint", CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS "delivered_fingerprint", o.row_hash AS "row_hash", o.row_hash_version AS "row_hash_version", o.status AS "status", o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts", CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs", o.http_status AS "http_status", o.reason_code AS "reason_code", o.field AS "field", o.message AS "message", coalesce(o.email_hash, l.email_hash) AS "email_hash", coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at", coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at", o.run_id AS "run_id", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "gone_since" FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)) AS numbered WHERE newness = 1) AS o LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'contacts') AS d ON d.key = o.key) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "gone_since" = source."gone_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "first_sent_at", "last_sent_at", "run_id", "gone_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."first_sent_at", source."last_sent_at", source."run_id", source."gone_since");

DELETE FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND key IN (SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

COMMIT;

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs" WHERE sync = 'contacts' AND "partition" = '' AND state = 'running' AND NOT (sync = 'contacts' AND "partition" = '' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted' WHERE sync = 'contacts' AND "partition" = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS key, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS BIGINT) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '') AS i ON i.key = s.key) AS joined WHERE why <> 'unchanged' OR gone_since IS NOT NULL;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null');

CREATE TEMPORARY TABLE cr_refreshed (key VARCHAR, row_hash BIGINT, why VARCHAR);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) = l.known_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '') AS l ON l.key = c.key;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM "crm"."common_room_contacts" AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'contacts' AND "partition" = '' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'contacts' AND "partition" = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND gone_since IS NOT NULL LIMIT 1;

UPDATE "common_room"."sync_ledger" SET gone_since = NULL WHERE sync = 'contacts' AND "partition" = '' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

UPDATE "common_room"."sync_runs" SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run' AND state = 'running';

SELECT * FROM (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL) AS erased;

SELECT key FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL) UNION ALL SELECT key FROM "common_room"."former_addresses" WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger" WHERE sync = 'contacts' AND "partition" = '' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows" WHERE sync = 'contacts' AND "partition" = '' ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs" SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents" WHERE sync = 'contacts' AND "partition" = '' AND run_id = 'run';

SELECT max(recorded_at) FROM (SELECT recorded_at FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' ORDER BY recorded_at LIMIT 100000) AS portion;

INSERT INTO "common_room"."former_addresses" (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)) AS numbered WHERE newness = 1) AS o LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO "common_room"."sync_ledger" AS target USING (SELECT o.sync AS "sync", o.key AS "key", o."partition" AS "partition", o.fingerprint AS "fingerprint", CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS "delivered_fingerprint", o.row_hash AS "row_hash", o.row_hash_version AS "row_hash_version", o.status AS "status", o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts", CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS "not_found_runs", o.http_status AS "http_status", o.reason_code AS "reason_code", o.field AS "field", o.message AS "message", coalesce(o.email_hash, l.email_hash) AS "email_hash", coalesce(l.first_sent_at, o.sent_at) AS "first_sent_at", coalesce(o.sent_at, l.last_sent_at) AS "last_sent_at", o.run_id AS "run_id", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "gone_since" FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)) AS numbered WHERE newness = 1) AS o LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM "common_room"."sync_intents" WHERE sync = 'it''s') AS d ON d.key = o.key) AS source ON target."sync" = source."sync" AND target."key" = source."key" WHEN MATCHED THEN UPDATE SET "partition" = source."partition", "fingerprint" = source."fingerprint", "delivered_fingerprint" = source."delivered_fingerprint", "row_hash" = source."row_hash", "row_hash_version" = source."row_hash_version", "status" = source."status", "attempts" = source."attempts", "not_found_runs" = source."not_found_runs", "http_status" = source."http_status", "reason_code" = source."reason_code", "field" = source."field", "message" = source."message", "email_hash" = source."email_hash", "first_sent_at" = source."first_sent_at", "last_sent_at" = source."last_sent_at", "run_id" = source."run_id", "gone_since" = source."gone_since" WHEN NOT MATCHED THEN INSERT ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "first_sent_at", "last_sent_at", "run_id", "gone_since") VALUES (source."sync", source."key", source."partition", source."fingerprint", source."delivered_fingerprint", source."row_hash", source."row_hash_version", source."status", source."attempts", source."not_found_runs", source."http_status", source."reason_code", source."field", source."message", source."email_hash", source."first_sent_at", source."last_sent_at", source."run_id", source."gone_since");

DELETE FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND key IN (SELECT key FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

DELETE FROM "common_room"."sync_outcomes" WHERE sync = 'it''s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

SELECT run_id, host, process, started_at, heartbeat_at FROM "common_room"."sync_runs" WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running' AND NOT (sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

UPDATE "common_room"."sync_runs" SET state = 'interrupted' WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS key, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'duckdb 2, columns 3f7f7d23' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS i ON i.key = s.key) AS joined;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null 2026-01-01');

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) = l.known_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01') AS l ON l.key = c.key;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, md5(concat(CASE WHEN "custom_fields" IS NULL THEN '' ELSE 'custom_fields=' || CAST(to_json("custom_fields") AS VARCHAR) || ',' END, CASE WHEN "email" IS NULL THEN '' ELSE 'email=' || CAST(to_json("email") AS VARCHAR) || ',' END, CASE WHEN "full_name" IS NULL THEN '' ELSE 'full_name=' || CAST(to_json("full_name") AS VARCHAR) || ',' END, CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(to_json("id") AS VARCHAR) || ',' END, CASE WHEN "tags" IS NULL THEN '' ELSE 'tags=' || CAST(to_json("tags") AS VARCHAR) || ',' END)) AS fingerprint, CAST(hash("custom_fields", "email", "full_name", "id", "tags") >> 1 AS BIGINT) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, "id" AS "value_id", "full_name" AS "value_full_name", "email" AS "value_email", "tags" AS "value_tags", "custom_fields" AS "value_custom_fields" FROM (SELECT CASE WHEN CAST("id" AS VARCHAR) LIKE '%@%' THEN 'sha256:' || sha256(CAST("id" AS VARCHAR)) ELSE CAST("id" AS VARCHAR) END AS cr_key, "id", "full_name", "email", "tags", "custom_fields" FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE "seen_at" >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen_at" < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) OR "seen_at" IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'duckdb 2, columns 3f7f7d23' FROM cr_refreshed AS r WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND "sync_ledger".key = r.key;

UPDATE "common_room"."sync_ledger" SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE "common_room"."sync_ledger" SET gone_since = NULL WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO "common_room"."sync_intents" (sync, "partition", key, run_id) SELECT 'it''s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") VALUES ('it''s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run');

INSERT INTO "common_room"."sync_outcomes" ("sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id") SELECT 'it''s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP WITH TIME ZONE), 'run' FROM cr_duplicates AS d LEFT JOIN "common_room"."sync_ledger" AS l ON l.sync = 'it''s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

UPDATE "common_room"."sync_runs" SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL) UNION ALL SELECT key FROM "common_room"."former_addresses" WHERE sync = 'it''s' AND email_hash IN (SELECT email_hash FROM "common_room"."pii_removals" WHERE lifted_at IS NULL);

SELECT status, count(*) FROM "common_room"."sync_ledger" WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM "common_room"."rejected_rows" WHERE sync = 'it''s' AND "partition" = '2026-01-01' ORDER BY key LIMIT 20;

UPDATE "common_room"."sync_runs" SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM "common_room"."sync_intents" WHERE sync = 'it''s' AND "partition" = '2026-01-01' AND run_id = 'run';

