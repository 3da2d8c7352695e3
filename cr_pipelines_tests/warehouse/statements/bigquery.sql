SELECT lower(table_name) FROM `common_room`.INFORMATION_SCHEMA.TABLES;

CREATE SCHEMA IF NOT EXISTS `common_room`;

CREATE TABLE IF NOT EXISTS `common_room`.`sync_ledger` (`sync` STRING, `key` STRING, `partition` STRING, `fingerprint` STRING, `delivered_fingerprint` STRING, `row_hash` INT64, `row_hash_version` STRING, `status` STRING, `attempts` INT64, `not_found_runs` INT64, `http_status` INT64, `reason_code` STRING, `field` STRING, `message` STRING, `email_hash` STRING, `first_sent_at` TIMESTAMP, `last_sent_at` TIMESTAMP, `run_id` STRING, `gone_since` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_outcomes` (`sync` STRING, `key` STRING, `partition` STRING, `fingerprint` STRING, `row_hash` INT64, `row_hash_version` STRING, `status` STRING, `attempts` INT64, `http_status` INT64, `reason_code` STRING, `field` STRING, `message` STRING, `email_hash` STRING, `sent_at` TIMESTAMP, `recorded_at` TIMESTAMP, `run_id` STRING);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_intents` (`sync` STRING, `partition` STRING, `key` STRING, `run_id` STRING);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_runs` (`run_id` STRING, `sync` STRING, `partition` STRING, `state` STRING, `stopped_by` STRING, `host` STRING, `process` INT64, `started_at` TIMESTAMP, `heartbeat_at` TIMESTAMP, `finished_at` TIMESTAMP, `resync` STRING, `source_rows` INT64, `unchanged` INT64, `offered` INT64, `gone` INT64, `delivered` INT64, `invalid` INT64, `rejected` INT64, `failed` INT64, `suppressed` INT64, `unknown` INT64, `not_sent` INT64, `outdated` INT64, `missing` INT64, `removed` INT64, `requests` INT64, `rate_limited` INT64, `retries` INT64, `rate_limit` INT64, `interval_seconds` FLOAT64, `rate_used` FLOAT64, `seconds` FLOAT64);

CREATE TABLE IF NOT EXISTS `common_room`.`former_addresses` (`sync` STRING, `key` STRING, `email_hash` STRING, `replaced_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`room_activity_types` (`id` STRING, `name` STRING, `display_name` STRING, `read_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`room_custom_fields` (`id` INT64, `name` STRING, `type` STRING, `multivalue` BOOL, `accepted_values` STRING, `writable` BOOL, `read_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`room_segments` (`id` INT64, `name` STRING, `read_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`room_segment_statuses` (`segment_id` INT64, `id` INT64, `name` STRING, `read_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`room_tags` (`id` STRING, `name` STRING, `description` STRING, `entity_types` STRING, `created_at` TIMESTAMP, `read_at` TIMESTAMP);

CREATE TABLE IF NOT EXISTS `common_room`.`pii_removals` (`request_id` STRING, `email_hash` STRING, `email` STRING, `status` STRING, `requested_at` TIMESTAMP, `seen_at` TIMESTAMP, `submitted_at` TIMESTAMP, `due_at` TIMESTAMP, `verified_at` TIMESTAMP, `attempts` INT64, `http_status` INT64, `reason_code` STRING, `message` STRING, `lifted_at` TIMESTAMP, `lifted_reason` STRING, `run_id` STRING);

CREATE VIEW `common_room`.`rejected_rows` AS 
SELECT sync, key, `partition`, status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM `common_room`.`sync_ledger` WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL;

SELECT max(recorded_at) FROM (SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' ORDER BY recorded_at LIMIT 100000) AS portion;

BEGIN TRANSACTION;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)) AS numbered WHERE newness = 1) AS o LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (SELECT o.sync AS `sync`, o.key AS `key`, o.`partition` AS `partition`, o.fingerprint AS `fingerprint`, CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS `delivered_fingerprint`, o.row_hash AS `row_hash`, o.row_hash_version AS `row_hash_version`, o.status AS `status`, o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`, CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`, o.http_status AS `http_status`, o.reason_code AS `reason_code`, o.field AS `field`, o.message AS `message`, coalesce(o.email_hash, l.email_hash) AS `email_hash`, coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`, coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`, o.run_id AS `run_id`, CAST(NULL AS TIMESTAMP) AS `gone_since` FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)) AS numbered WHERE newness = 1) AS o LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'contacts') AS d ON d.key = o.key) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `gone_since` = source.`gone_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `first_sent_at`, `last_sent_at`, `run_id`, `gone_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`gone_since`);

DELETE FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND key IN (SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

COMMIT;

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`) SELECT CAST(JSON_VALUE(appended, '$.run_id') AS STRING), CAST(JSON_VALUE(appended, '$.sync') AS STRING), CAST(JSON_VALUE(appended, '$.partition') AS STRING), CAST(JSON_VALUE(appended, '$.state') AS STRING), CAST(JSON_VALUE(appended, '$.host') AS STRING), CAST(JSON_VALUE(appended, '$.process') AS INT64), CAST(JSON_VALUE(appended, '$.started_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.heartbeat_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.resync') AS STRING) FROM UNNEST(JSON_QUERY_ARRAY(@appended)) AS appended;

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs` WHERE sync = 'contacts' AND `partition` = '' AND state = 'running' AND NOT (sync = 'contacts' AND `partition` = '' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted' WHERE sync = 'contacts' AND `partition` = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS INT64) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '') AS i ON i.key = s.key) AS joined WHERE why <> 'unchanged' OR gone_since IS NOT NULL;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null');

CREATE TEMPORARY TABLE cr_refreshed (key STRING, row_hash INT64, why STRING);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) = l.known_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '') AS l ON l.key = c.key;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns a8a6366f' FROM cr_refreshed AS r WHERE sync = 'contacts' AND `partition` = '' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'contacts' AND `partition` = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND gone_since IS NOT NULL LIMIT 1;

UPDATE `common_room`.`sync_ledger` SET gone_since = NULL WHERE sync = 'contacts' AND `partition` = '' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `sent_at`, `recorded_at`, `run_id`) SELECT CAST(JSON_VALUE(appended, '$.sync') AS STRING), CAST(JSON_VALUE(appended, '$.key') AS STRING), CAST(JSON_VALUE(appended, '$.partition') AS STRING), CAST(JSON_VALUE(appended, '$.fingerprint') AS STRING), CAST(JSON_VALUE(appended, '$.row_hash') AS INT64), CAST(JSON_VALUE(appended, '$.row_hash_version') AS STRING), CAST(JSON_VALUE(appended, '$.status') AS STRING), CAST(JSON_VALUE(appended, '$.attempts') AS INT64), CAST(JSON_VALUE(appended, '$.http_status') AS INT64), CAST(JSON_VALUE(appended, '$.reason_code') AS STRING), CAST(JSON_VALUE(appended, '$.field') AS STRING), CAST(JSON_VALUE(appended, '$.message') AS STRING), CAST(JSON_VALUE(appended, '$.email_hash') AS STRING), CAST(JSON_VALUE(appended, '$.sent_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.recorded_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.run_id') AS STRING) FROM UNNEST(JSON_QUERY_ARRAY(@appended)) AS appended;

UPDATE `common_room`.`sync_runs` SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run' AND state = 'running';

SELECT * FROM (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL) AS erased;

SELECT key FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL) UNION ALL SELECT key FROM `common_room`.`former_addresses` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows` WHERE sync = 'contacts' AND `partition` = '' ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs` SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run';

SELECT max(recorded_at) FROM (SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' ORDER BY recorded_at LIMIT 100000) AS portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at) SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)) AS numbered WHERE newness = 1) AS o LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND o.key = l.key WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (SELECT o.sync AS `sync`, o.key AS `key`, o.`partition` AS `partition`, o.fingerprint AS `fingerprint`, CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE l.delivered_fingerprint END AS `delivered_fingerprint`, o.row_hash AS `row_hash`, o.row_hash_version AS `row_hash_version`, o.status AS `status`, o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`, CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`, o.http_status AS `http_status`, o.reason_code AS `reason_code`, o.field AS `field`, o.message AS `message`, coalesce(o.email_hash, l.email_hash) AS `email_hash`, coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`, coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`, o.run_id AS `run_id`, CAST(NULL AS TIMESTAMP) AS `gone_since` FROM (SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)) AS numbered WHERE newness = 1) AS o LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND o.key = l.key LEFT JOIN (SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'it\'s') AS d ON d.key = o.key) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `gone_since` = source.`gone_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `first_sent_at`, `last_sent_at`, `run_id`, `gone_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`gone_since`);

DELETE FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND key IN (SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs` WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND state = 'running' AND NOT (sync = 'it\'s' AND `partition` = '2026-01-01' AND state = 'running' AND run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted' WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.status AS was_status, l.gone_since FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, status, row_hash, row_hash_version, gone_since FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS i ON i.key = s.key) AS joined;

DELETE FROM cr_compared WHERE why = 'gone' AND (gone_since IS NOT NULL OR key IN (SELECT key FROM cr_duplicates) OR key = '@null 2026-01-01');

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN l.known_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key JOIN (SELECT key AS known_key, status AS known_status, fingerprint AS known_fingerprint FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS l ON l.known_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) = l.known_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT c.key, c.why, c.turn, c.was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM (SELECT * FROM (SELECT key, why, was_status, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT key, why, was_status, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5) AS c LEFT JOIN (SELECT key, status, fingerprint, delivered_fingerprint, message, not_found_runs FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS l ON l.key = c.key;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || TO_JSON_STRING(`custom_fields`) || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || TO_JSON_STRING(`email`) || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || TO_JSON_STRING(`full_name`) || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || TO_JSON_STRING(`id`) || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || TO_JSON_STRING(`tags`) || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns a8a6366f' FROM cr_refreshed AS r WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET gone_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET gone_since = NULL WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND gone_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'it\'s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('it\'s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'it\'s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.gone_since IS NOT NULL);

UPDATE `common_room`.`sync_runs` SET heartbeat_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL) UNION ALL SELECT key FROM `common_room`.`former_addresses` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND gone_since IS NULL GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows` WHERE sync = 'it\'s' AND `partition` = '2026-01-01' ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs` SET state = 'succeeded', finished_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), delivered = 1, seconds = 0.5, stopped_by = NULL WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run';

