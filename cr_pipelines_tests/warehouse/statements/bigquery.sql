SELECT lower(table_name), lower(column_name) FROM `common_room`.INFORMATION_SCHEMA.COLUMNS;

CREATE SCHEMA IF NOT EXISTS `common_room`;

CREATE TABLE IF NOT EXISTS `common_room`.`state_version` (
  `version` INT64,
  `migrated_at` TIMESTAMP,
  `package` STRING
);

CREATE TABLE IF NOT EXISTS `common_room`.`room_activity_types` (
  `id` STRING,
  `name` STRING,
  `display_name` STRING,
  `read_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`room_custom_fields` (
  `id` INT64,
  `name` STRING,
  `type` STRING,
  `multivalue` BOOL,
  `accepted_values` STRING,
  `writable` BOOL,
  `read_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`room_segments` (
  `id` INT64,
  `name` STRING,
  `read_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`room_segment_statuses` (
  `segment_id` INT64,
  `id` INT64,
  `name` STRING,
  `read_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`room_tags` (
  `id` STRING,
  `name` STRING,
  `description` STRING,
  `entity_types` STRING,
  `created_at` TIMESTAMP,
  `read_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_ledger` (
  `sync` STRING,
  `key` STRING,
  `partition` STRING,
  `fingerprint` STRING,
  `delivered_fingerprint` STRING,
  `row_hash` INT64,
  `row_hash_version` STRING,
  `status` STRING,
  `attempts` INT64,
  `not_found_runs` INT64,
  `http_status` INT64,
  `reason_code` STRING,
  `field` STRING,
  `message` STRING,
  `email_hash` STRING,
  `suppressed_for` STRING,
  `first_sent_at` TIMESTAMP,
  `last_sent_at` TIMESTAMP,
  `run_id` STRING,
  `absent_since` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_outcomes` (
  `sync` STRING,
  `key` STRING,
  `partition` STRING,
  `fingerprint` STRING,
  `row_hash` INT64,
  `row_hash_version` STRING,
  `status` STRING,
  `attempts` INT64,
  `http_status` INT64,
  `reason_code` STRING,
  `field` STRING,
  `message` STRING,
  `email_hash` STRING,
  `suppressed_for` STRING,
  `sent_at` TIMESTAMP,
  `recorded_at` TIMESTAMP,
  `run_id` STRING
);

CREATE TABLE IF NOT EXISTS `common_room`.`sync_intents` (
  `sync` STRING,
  `partition` STRING,
  `key` STRING,
  `run_id` STRING
);

CREATE OR REPLACE VIEW `common_room`.`rejected_rows` AS
SELECT
  sync, key, `partition`, status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM `common_room`.`sync_ledger`
WHERE status IN ('invalid', 'rejected') AND absent_since IS NULL;

CREATE TABLE IF NOT EXISTS `common_room`.`sync_runs` (
  `run_id` STRING,
  `sync` STRING,
  `partition` STRING,
  `state` STRING,
  `stopped_by` STRING,
  `host` STRING,
  `process` INT64,
  `started_at` TIMESTAMP,
  `heartbeat_at` TIMESTAMP,
  `finished_at` TIMESTAMP,
  `suppression_version` INT64,
  `resync` STRING,
  `source_rows` INT64,
  `delivered` INT64,
  `unchanged` INT64,
  `invalid` INT64,
  `rejected` INT64,
  `failed` INT64,
  `suppressed` INT64,
  `unknown` INT64,
  `not_sent` INT64,
  `changed_after_delivery` INT64,
  `deleted_remotely` INT64,
  `deletions` INT64,
  `absent_from_source` INT64,
  `offered` INT64,
  `offered_new` INT64,
  `requests` INT64,
  `rate_limited` INT64,
  `retries` INT64,
  `rate_limit` INT64,
  `interval_seconds` FLOAT64,
  `rate_used` FLOAT64,
  `seconds` FLOAT64
);

CREATE TABLE IF NOT EXISTS `common_room`.`pii_removals` (
  `request_id` STRING,
  `source_hash` STRING,
  `email_hash` STRING,
  `email` STRING,
  `status` STRING,
  `requested_at` TIMESTAMP,
  `seen_at` TIMESTAMP,
  `submitted_at` TIMESTAMP,
  `due_at` TIMESTAMP,
  `check_at` TIMESTAMP,
  `checked_at` TIMESTAMP,
  `verified_at` TIMESTAMP,
  `offers` INT64,
  `attempts` INT64,
  `retry_at` TIMESTAMP,
  `http_status` INT64,
  `reason_code` STRING,
  `message` STRING,
  `lifted_at` TIMESTAMP,
  `lifted_reason` STRING,
  `run_id` STRING
);

CREATE TABLE IF NOT EXISTS `common_room`.`known_addresses` (
  `sync` STRING,
  `key` STRING,
  `source_id` INT64,
  `person` STRING,
  `email_hash` STRING,
  `noted_at` TIMESTAMP
);

CREATE TABLE IF NOT EXISTS `common_room`.`former_addresses` (
  `sync` STRING,
  `key` STRING,
  `email_hash` STRING,
  `replaced_at` TIMESTAMP
);

INSERT INTO `common_room`.`state_version` (`version`, `migrated_at`, `package`)
VALUES (2, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), '0.1.0');

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

BEGIN TRANSACTION;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'contacts'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'contacts' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

COMMIT;

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'contacts', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'contacts' AND `partition` = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'contacts' AND `partition` = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS hashed;

CREATE TEMPORARY TABLE cr_duplicates AS SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1;

SELECT count(*), count(CASE WHEN key IS NULL THEN 1 END) FROM cr_source_keys;

SELECT count(*), CAST(coalesce(sum(copies), 0) AS INT64) FROM cr_duplicates;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND `partition` = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '') AS i ON i.key = s.key;

CREATE TEMPORARY TABLE cr_refreshed (key STRING, row_hash INT64, why STRING);

SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) = c.was_fingerprint;

UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key;

UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed';

SELECT why, count(*) FROM cr_compared GROUP BY why;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT count(CASE WHEN why = 'new' THEN 1 END) FROM cr_offered;

SELECT 1 FROM cr_offered WHERE key LIKE 'sha256:%' LIMIT 1;

SELECT 1 FROM cr_offered WHERE turn = 0 LIMIT 1;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT 1 FROM cr_offered WHERE turn = 1 LIMIT 1;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM `crm`.`common_room_contacts` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3;

SELECT 1 FROM cr_refreshed LIMIT 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns a8a6366f' FROM cr_refreshed AS r WHERE sync = 'contacts' AND `partition` = '' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'contacts' AND `partition` = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

SELECT 1 FROM cr_compared WHERE why <> 'gone' AND absent_since IS NOT NULL LIMIT 1;

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'contacts' AND `partition` = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'contacts', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'contacts' AND `partition` = '');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('contacts', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'contacts', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'contacts' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `sent_at`, `recorded_at`, `run_id`) SELECT CAST(JSON_VALUE(appended, '$.sync') AS STRING), CAST(JSON_VALUE(appended, '$.key') AS STRING), CAST(JSON_VALUE(appended, '$.partition') AS STRING), CAST(JSON_VALUE(appended, '$.fingerprint') AS STRING), CAST(JSON_VALUE(appended, '$.row_hash') AS INT64), CAST(JSON_VALUE(appended, '$.row_hash_version') AS STRING), CAST(JSON_VALUE(appended, '$.status') AS STRING), CAST(JSON_VALUE(appended, '$.attempts') AS INT64), CAST(JSON_VALUE(appended, '$.http_status') AS INT64), CAST(JSON_VALUE(appended, '$.reason_code') AS STRING), CAST(JSON_VALUE(appended, '$.field') AS STRING), CAST(JSON_VALUE(appended, '$.message') AS STRING), CAST(JSON_VALUE(appended, '$.email_hash') AS STRING), CAST(JSON_VALUE(appended, '$.suppressed_for') AS STRING), CAST(JSON_VALUE(appended, '$.sent_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.recorded_at') AS TIMESTAMP), CAST(JSON_VALUE(appended, '$.run_id') AS STRING) FROM UNNEST(JSON_QUERY_ARRAY(@appended)) AS appended;

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run' AND state = 'running';

SELECT count(CASE WHEN status IS NULL OR status <> 'invalid' THEN 1 END) + count(lifted_at) FROM `common_room`.`pii_removals`;

SELECT * FROM (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) AS erased;

SELECT DISTINCT person, email_hash FROM `common_room`.`known_addresses` WHERE source_id = 1 AND person IS NOT NULL AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'contacts' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'contacts' AND `partition` = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'contacts' AND `partition` = ''
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'contacts' AND `partition` = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'it\'s'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'it\'s' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'it\'s', '2026-01-01', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'all');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS hashed WHERE key IN ('a', 'b"\\');

SELECT key FROM cr_source_keys;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2026-01-01';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns a8a6366f' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) = c.was_fingerprint;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new', 'unchanged') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'rejected', 'retry')) AS turned ORDER BY turn LIMIT 5;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `custom_fields` IS NULL THEN '' ELSE 'custom_fields=' || CASE WHEN `custom_fields` IS NOT NULL THEN TO_JSON_STRING(`custom_fields`) END || ',' END || CASE WHEN `email` IS NULL THEN '' ELSE 'email=' || CASE WHEN `email` IS NOT NULL THEN TO_JSON_STRING(`email`) END || ',' END || CASE WHEN `full_name` IS NULL THEN '' ELSE 'full_name=' || CASE WHEN `full_name` IS NOT NULL THEN TO_JSON_STRING(`full_name`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`custom_fields`, `email`, `full_name`, `id`, `tags`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `full_name` AS `value_full_name`, `email` AS `value_email`, `tags` AS `value_tags`, `custom_fields` AS `value_custom_fields` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `full_name`, `email`, `tags`, `custom_fields` FROM (SELECT * FROM (SELECT * FROM crm.people WHERE name <> 'x'
) AS source WHERE `seen_at` >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) AND `seen_at` < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) OR `seen_at` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns a8a6366f' FROM cr_refreshed AS r WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'it\'s', '2026-01-01', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'it\'s' AND `partition` = '2026-01-01');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('it\'s', '@null 2026-01-01', '2026-01-01', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'it\'s', d.key, '2026-01-01', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'it\'s' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'it\'s' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'it\'s' AND `partition` = '2026-01-01'
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'it\'s' AND `partition` = '2026-01-01' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'activities'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'activities' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'activities'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'activities' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'activities' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'activities' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'activities', '2025-12-31', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN `activity_type` IS NULL OR `id` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END) END || ']' END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`activity_type`, `content`, `content_format`, `id`, `parent_activity_type`, `parent_id`, `sub_source`, `tags`, `timestamp`, `title`, `url`, `user_avatar_url`, `user_bio`, `user_city`, `user_company_domain`, `user_company_name`, `user_country`, `user_custom_fields`, `user_discord`, `user_email`, `user_external_profiles`, `user_first_name`, `user_full_name`, `user_github`, `user_id`, `user_last_name`, `user_linkedin`, `user_raw_location`, `user_region`, `user_role_at_company`, `user_tags`, `user_title_at_company`, `user_twitter`, `user_username`))) AS row_hash FROM (SELECT * FROM `crm`.`activities` AS source WHERE `timestamp` >= CAST('2025-12-31 00:00:00' AS DATETIME) AND `timestamp` < CAST('2026-01-01 00:00:00' AS DATETIME) OR `timestamp` IS NULL) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'activities' AND `partition` = '2025-12-31') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns f7433c13' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'activities' AND `partition` = '2025-12-31') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'activities' AND `partition` = '2025-12-31') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null 2025-12-31';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns f7433c13' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'activities' AND `partition` = '2025-12-31') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'activities' AND `partition` = '2025-12-31') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN `activity_type` IS NULL OR `id` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END) END || ']' END AS cr_key, `id`, `activity_type`, `timestamp`, `user_id`, `user_full_name`, `user_first_name`, `user_last_name`, `user_username`, `user_avatar_url`, `user_bio`, `user_email`, `user_linkedin`, `user_github`, `user_twitter`, `user_discord`, `user_external_profiles`, `user_role_at_company`, `user_title_at_company`, `user_company_name`, `user_company_domain`, `user_country`, `user_city`, `user_region`, `user_raw_location`, `user_tags`, `user_custom_fields`, `title`, `content`, `content_format`, `url`, `sub_source`, `parent_id`, `parent_activity_type`, `tags` FROM (SELECT * FROM `crm`.`activities` AS source WHERE `timestamp` >= CAST('2025-12-31 00:00:00' AS DATETIME) AND `timestamp` < CAST('2026-01-01 00:00:00' AS DATETIME) OR `timestamp` IS NULL) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `activity_type` IS NULL THEN '' ELSE 'activity_type=' || CASE WHEN `activity_type` IS NOT NULL THEN TO_JSON_STRING(`activity_type`) END || ',' END || CASE WHEN `content` IS NULL THEN '' ELSE 'content=' || CASE WHEN `content` IS NOT NULL THEN TO_JSON_STRING(`content`) END || ',' END || CASE WHEN `content_format` IS NULL THEN '' ELSE 'content_format=' || CASE WHEN `content_format` IS NOT NULL THEN TO_JSON_STRING(`content_format`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `parent_activity_type` IS NULL THEN '' ELSE 'parent_activity_type=' || CASE WHEN `parent_activity_type` IS NOT NULL THEN TO_JSON_STRING(`parent_activity_type`) END || ',' END || CASE WHEN `parent_id` IS NULL THEN '' ELSE 'parent_id=' || CASE WHEN `parent_id` IS NOT NULL THEN TO_JSON_STRING(`parent_id`) END || ',' END || CASE WHEN `sub_source` IS NULL THEN '' ELSE 'sub_source=' || CASE WHEN `sub_source` IS NOT NULL THEN TO_JSON_STRING(`sub_source`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END || CASE WHEN `timestamp` IS NULL THEN '' ELSE 'timestamp=' || CASE WHEN `timestamp` IS NOT NULL THEN TO_JSON_STRING(`timestamp`) END || ',' END || CASE WHEN `title` IS NULL THEN '' ELSE 'title=' || CASE WHEN `title` IS NOT NULL THEN TO_JSON_STRING(`title`) END || ',' END || CASE WHEN `url` IS NULL THEN '' ELSE 'url=' || CASE WHEN `url` IS NOT NULL THEN TO_JSON_STRING(`url`) END || ',' END || CASE WHEN `user_avatar_url` IS NULL THEN '' ELSE 'user_avatar_url=' || CASE WHEN `user_avatar_url` IS NOT NULL THEN TO_JSON_STRING(`user_avatar_url`) END || ',' END || CASE WHEN `user_bio` IS NULL THEN '' ELSE 'user_bio=' || CASE WHEN `user_bio` IS NOT NULL THEN TO_JSON_STRING(`user_bio`) END || ',' END || CASE WHEN `user_city` IS NULL THEN '' ELSE 'user_city=' || CASE WHEN `user_city` IS NOT NULL THEN TO_JSON_STRING(`user_city`) END || ',' END || CASE WHEN `user_company_domain` IS NULL THEN '' ELSE 'user_company_domain=' || CASE WHEN `user_company_domain` IS NOT NULL THEN TO_JSON_STRING(`user_company_domain`) END || ',' END || CASE WHEN `user_company_name` IS NULL THEN '' ELSE 'user_company_name=' || CASE WHEN `user_company_name` IS NOT NULL THEN TO_JSON_STRING(`user_company_name`) END || ',' END || CASE WHEN `user_country` IS NULL THEN '' ELSE 'user_country=' || CASE WHEN `user_country` IS NOT NULL THEN TO_JSON_STRING(`user_country`) END || ',' END || CASE WHEN `user_custom_fields` IS NULL THEN '' ELSE 'user_custom_fields=' || CASE WHEN `user_custom_fields` IS NOT NULL THEN TO_JSON_STRING(`user_custom_fields`) END || ',' END || CASE WHEN `user_discord` IS NULL THEN '' ELSE 'user_discord=' || CASE WHEN `user_discord` IS NOT NULL THEN TO_JSON_STRING(`user_discord`) END || ',' END || CASE WHEN `user_email` IS NULL THEN '' ELSE 'user_email=' || CASE WHEN `user_email` IS NOT NULL THEN TO_JSON_STRING(`user_email`) END || ',' END || CASE WHEN `user_external_profiles` IS NULL THEN '' ELSE 'user_external_profiles=' || CASE WHEN `user_external_profiles` IS NOT NULL THEN TO_JSON_STRING(`user_external_profiles`) END || ',' END || CASE WHEN `user_first_name` IS NULL THEN '' ELSE 'user_first_name=' || CASE WHEN `user_first_name` IS NOT NULL THEN TO_JSON_STRING(`user_first_name`) END || ',' END || CASE WHEN `user_full_name` IS NULL THEN '' ELSE 'user_full_name=' || CASE WHEN `user_full_name` IS NOT NULL THEN TO_JSON_STRING(`user_full_name`) END || ',' END || CASE WHEN `user_github` IS NULL THEN '' ELSE 'user_github=' || CASE WHEN `user_github` IS NOT NULL THEN TO_JSON_STRING(`user_github`) END || ',' END || CASE WHEN `user_id` IS NULL THEN '' ELSE 'user_id=' || CASE WHEN `user_id` IS NOT NULL THEN TO_JSON_STRING(`user_id`) END || ',' END || CASE WHEN `user_last_name` IS NULL THEN '' ELSE 'user_last_name=' || CASE WHEN `user_last_name` IS NOT NULL THEN TO_JSON_STRING(`user_last_name`) END || ',' END || CASE WHEN `user_linkedin` IS NULL THEN '' ELSE 'user_linkedin=' || CASE WHEN `user_linkedin` IS NOT NULL THEN TO_JSON_STRING(`user_linkedin`) END || ',' END || CASE WHEN `user_raw_location` IS NULL THEN '' ELSE 'user_raw_location=' || CASE WHEN `user_raw_location` IS NOT NULL THEN TO_JSON_STRING(`user_raw_location`) END || ',' END || CASE WHEN `user_region` IS NULL THEN '' ELSE 'user_region=' || CASE WHEN `user_region` IS NOT NULL THEN TO_JSON_STRING(`user_region`) END || ',' END || CASE WHEN `user_role_at_company` IS NULL THEN '' ELSE 'user_role_at_company=' || CASE WHEN `user_role_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_role_at_company`) END || ',' END || CASE WHEN `user_tags` IS NULL THEN '' ELSE 'user_tags=' || CASE WHEN `user_tags` IS NOT NULL THEN TO_JSON_STRING(`user_tags`) END || ',' END || CASE WHEN `user_title_at_company` IS NULL THEN '' ELSE 'user_title_at_company=' || CASE WHEN `user_title_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_title_at_company`) END || ',' END || CASE WHEN `user_twitter` IS NULL THEN '' ELSE 'user_twitter=' || CASE WHEN `user_twitter` IS NOT NULL THEN TO_JSON_STRING(`user_twitter`) END || ',' END || CASE WHEN `user_username` IS NULL THEN '' ELSE 'user_username=' || CASE WHEN `user_username` IS NOT NULL THEN TO_JSON_STRING(`user_username`) END || ',' END)) = c.was_fingerprint;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `activity_type` IS NULL THEN '' ELSE 'activity_type=' || CASE WHEN `activity_type` IS NOT NULL THEN TO_JSON_STRING(`activity_type`) END || ',' END || CASE WHEN `content` IS NULL THEN '' ELSE 'content=' || CASE WHEN `content` IS NOT NULL THEN TO_JSON_STRING(`content`) END || ',' END || CASE WHEN `content_format` IS NULL THEN '' ELSE 'content_format=' || CASE WHEN `content_format` IS NOT NULL THEN TO_JSON_STRING(`content_format`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `parent_activity_type` IS NULL THEN '' ELSE 'parent_activity_type=' || CASE WHEN `parent_activity_type` IS NOT NULL THEN TO_JSON_STRING(`parent_activity_type`) END || ',' END || CASE WHEN `parent_id` IS NULL THEN '' ELSE 'parent_id=' || CASE WHEN `parent_id` IS NOT NULL THEN TO_JSON_STRING(`parent_id`) END || ',' END || CASE WHEN `sub_source` IS NULL THEN '' ELSE 'sub_source=' || CASE WHEN `sub_source` IS NOT NULL THEN TO_JSON_STRING(`sub_source`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END || CASE WHEN `timestamp` IS NULL THEN '' ELSE 'timestamp=' || CASE WHEN `timestamp` IS NOT NULL THEN TO_JSON_STRING(`timestamp`) END || ',' END || CASE WHEN `title` IS NULL THEN '' ELSE 'title=' || CASE WHEN `title` IS NOT NULL THEN TO_JSON_STRING(`title`) END || ',' END || CASE WHEN `url` IS NULL THEN '' ELSE 'url=' || CASE WHEN `url` IS NOT NULL THEN TO_JSON_STRING(`url`) END || ',' END || CASE WHEN `user_avatar_url` IS NULL THEN '' ELSE 'user_avatar_url=' || CASE WHEN `user_avatar_url` IS NOT NULL THEN TO_JSON_STRING(`user_avatar_url`) END || ',' END || CASE WHEN `user_bio` IS NULL THEN '' ELSE 'user_bio=' || CASE WHEN `user_bio` IS NOT NULL THEN TO_JSON_STRING(`user_bio`) END || ',' END || CASE WHEN `user_city` IS NULL THEN '' ELSE 'user_city=' || CASE WHEN `user_city` IS NOT NULL THEN TO_JSON_STRING(`user_city`) END || ',' END || CASE WHEN `user_company_domain` IS NULL THEN '' ELSE 'user_company_domain=' || CASE WHEN `user_company_domain` IS NOT NULL THEN TO_JSON_STRING(`user_company_domain`) END || ',' END || CASE WHEN `user_company_name` IS NULL THEN '' ELSE 'user_company_name=' || CASE WHEN `user_company_name` IS NOT NULL THEN TO_JSON_STRING(`user_company_name`) END || ',' END || CASE WHEN `user_country` IS NULL THEN '' ELSE 'user_country=' || CASE WHEN `user_country` IS NOT NULL THEN TO_JSON_STRING(`user_country`) END || ',' END || CASE WHEN `user_custom_fields` IS NULL THEN '' ELSE 'user_custom_fields=' || CASE WHEN `user_custom_fields` IS NOT NULL THEN TO_JSON_STRING(`user_custom_fields`) END || ',' END || CASE WHEN `user_discord` IS NULL THEN '' ELSE 'user_discord=' || CASE WHEN `user_discord` IS NOT NULL THEN TO_JSON_STRING(`user_discord`) END || ',' END || CASE WHEN `user_email` IS NULL THEN '' ELSE 'user_email=' || CASE WHEN `user_email` IS NOT NULL THEN TO_JSON_STRING(`user_email`) END || ',' END || CASE WHEN `user_external_profiles` IS NULL THEN '' ELSE 'user_external_profiles=' || CASE WHEN `user_external_profiles` IS NOT NULL THEN TO_JSON_STRING(`user_external_profiles`) END || ',' END || CASE WHEN `user_first_name` IS NULL THEN '' ELSE 'user_first_name=' || CASE WHEN `user_first_name` IS NOT NULL THEN TO_JSON_STRING(`user_first_name`) END || ',' END || CASE WHEN `user_full_name` IS NULL THEN '' ELSE 'user_full_name=' || CASE WHEN `user_full_name` IS NOT NULL THEN TO_JSON_STRING(`user_full_name`) END || ',' END || CASE WHEN `user_github` IS NULL THEN '' ELSE 'user_github=' || CASE WHEN `user_github` IS NOT NULL THEN TO_JSON_STRING(`user_github`) END || ',' END || CASE WHEN `user_id` IS NULL THEN '' ELSE 'user_id=' || CASE WHEN `user_id` IS NOT NULL THEN TO_JSON_STRING(`user_id`) END || ',' END || CASE WHEN `user_last_name` IS NULL THEN '' ELSE 'user_last_name=' || CASE WHEN `user_last_name` IS NOT NULL THEN TO_JSON_STRING(`user_last_name`) END || ',' END || CASE WHEN `user_linkedin` IS NULL THEN '' ELSE 'user_linkedin=' || CASE WHEN `user_linkedin` IS NOT NULL THEN TO_JSON_STRING(`user_linkedin`) END || ',' END || CASE WHEN `user_raw_location` IS NULL THEN '' ELSE 'user_raw_location=' || CASE WHEN `user_raw_location` IS NOT NULL THEN TO_JSON_STRING(`user_raw_location`) END || ',' END || CASE WHEN `user_region` IS NULL THEN '' ELSE 'user_region=' || CASE WHEN `user_region` IS NOT NULL THEN TO_JSON_STRING(`user_region`) END || ',' END || CASE WHEN `user_role_at_company` IS NULL THEN '' ELSE 'user_role_at_company=' || CASE WHEN `user_role_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_role_at_company`) END || ',' END || CASE WHEN `user_tags` IS NULL THEN '' ELSE 'user_tags=' || CASE WHEN `user_tags` IS NOT NULL THEN TO_JSON_STRING(`user_tags`) END || ',' END || CASE WHEN `user_title_at_company` IS NULL THEN '' ELSE 'user_title_at_company=' || CASE WHEN `user_title_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_title_at_company`) END || ',' END || CASE WHEN `user_twitter` IS NULL THEN '' ELSE 'user_twitter=' || CASE WHEN `user_twitter` IS NOT NULL THEN TO_JSON_STRING(`user_twitter`) END || ',' END || CASE WHEN `user_username` IS NULL THEN '' ELSE 'user_username=' || CASE WHEN `user_username` IS NOT NULL THEN TO_JSON_STRING(`user_username`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`activity_type`, `content`, `content_format`, `id`, `parent_activity_type`, `parent_id`, `sub_source`, `tags`, `timestamp`, `title`, `url`, `user_avatar_url`, `user_bio`, `user_city`, `user_company_domain`, `user_company_name`, `user_country`, `user_custom_fields`, `user_discord`, `user_email`, `user_external_profiles`, `user_first_name`, `user_full_name`, `user_github`, `user_id`, `user_last_name`, `user_linkedin`, `user_raw_location`, `user_region`, `user_role_at_company`, `user_tags`, `user_title_at_company`, `user_twitter`, `user_username`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `activity_type` AS `value_activity_type`, `timestamp` AS `value_timestamp`, `user_id` AS `value_user_id`, `user_full_name` AS `value_user_full_name`, `user_first_name` AS `value_user_first_name`, `user_last_name` AS `value_user_last_name`, `user_username` AS `value_user_username`, `user_avatar_url` AS `value_user_avatar_url`, `user_bio` AS `value_user_bio`, `user_email` AS `value_user_email`, `user_linkedin` AS `value_user_linkedin`, `user_github` AS `value_user_github`, `user_twitter` AS `value_user_twitter`, `user_discord` AS `value_user_discord`, `user_external_profiles` AS `value_user_external_profiles`, `user_role_at_company` AS `value_user_role_at_company`, `user_title_at_company` AS `value_user_title_at_company`, `user_company_name` AS `value_user_company_name`, `user_company_domain` AS `value_user_company_domain`, `user_country` AS `value_user_country`, `user_city` AS `value_user_city`, `user_region` AS `value_user_region`, `user_raw_location` AS `value_user_raw_location`, `user_tags` AS `value_user_tags`, `user_custom_fields` AS `value_user_custom_fields`, `title` AS `value_title`, `content` AS `value_content`, `content_format` AS `value_content_format`, `url` AS `value_url`, `sub_source` AS `value_sub_source`, `parent_id` AS `value_parent_id`, `parent_activity_type` AS `value_parent_activity_type`, `tags` AS `value_tags` FROM (SELECT CASE WHEN `activity_type` IS NULL OR `id` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END) END || ']' END AS cr_key, `id`, `activity_type`, `timestamp`, `user_id`, `user_full_name`, `user_first_name`, `user_last_name`, `user_username`, `user_avatar_url`, `user_bio`, `user_email`, `user_linkedin`, `user_github`, `user_twitter`, `user_discord`, `user_external_profiles`, `user_role_at_company`, `user_title_at_company`, `user_company_name`, `user_company_domain`, `user_country`, `user_city`, `user_region`, `user_raw_location`, `user_tags`, `user_custom_fields`, `title`, `content`, `content_format`, `url`, `sub_source`, `parent_id`, `parent_activity_type`, `tags` FROM (SELECT * FROM `crm`.`activities` AS source WHERE `timestamp` >= CAST('2025-12-31 00:00:00' AS DATETIME) AND `timestamp` < CAST('2026-01-01 00:00:00' AS DATETIME) OR `timestamp` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `activity_type` IS NULL THEN '' ELSE 'activity_type=' || CASE WHEN `activity_type` IS NOT NULL THEN TO_JSON_STRING(`activity_type`) END || ',' END || CASE WHEN `content` IS NULL THEN '' ELSE 'content=' || CASE WHEN `content` IS NOT NULL THEN TO_JSON_STRING(`content`) END || ',' END || CASE WHEN `content_format` IS NULL THEN '' ELSE 'content_format=' || CASE WHEN `content_format` IS NOT NULL THEN TO_JSON_STRING(`content_format`) END || ',' END || CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `parent_activity_type` IS NULL THEN '' ELSE 'parent_activity_type=' || CASE WHEN `parent_activity_type` IS NOT NULL THEN TO_JSON_STRING(`parent_activity_type`) END || ',' END || CASE WHEN `parent_id` IS NULL THEN '' ELSE 'parent_id=' || CASE WHEN `parent_id` IS NOT NULL THEN TO_JSON_STRING(`parent_id`) END || ',' END || CASE WHEN `sub_source` IS NULL THEN '' ELSE 'sub_source=' || CASE WHEN `sub_source` IS NOT NULL THEN TO_JSON_STRING(`sub_source`) END || ',' END || CASE WHEN `tags` IS NULL THEN '' ELSE 'tags=' || CASE WHEN `tags` IS NOT NULL THEN TO_JSON_STRING(`tags`) END || ',' END || CASE WHEN `timestamp` IS NULL THEN '' ELSE 'timestamp=' || CASE WHEN `timestamp` IS NOT NULL THEN TO_JSON_STRING(`timestamp`) END || ',' END || CASE WHEN `title` IS NULL THEN '' ELSE 'title=' || CASE WHEN `title` IS NOT NULL THEN TO_JSON_STRING(`title`) END || ',' END || CASE WHEN `url` IS NULL THEN '' ELSE 'url=' || CASE WHEN `url` IS NOT NULL THEN TO_JSON_STRING(`url`) END || ',' END || CASE WHEN `user_avatar_url` IS NULL THEN '' ELSE 'user_avatar_url=' || CASE WHEN `user_avatar_url` IS NOT NULL THEN TO_JSON_STRING(`user_avatar_url`) END || ',' END || CASE WHEN `user_bio` IS NULL THEN '' ELSE 'user_bio=' || CASE WHEN `user_bio` IS NOT NULL THEN TO_JSON_STRING(`user_bio`) END || ',' END || CASE WHEN `user_city` IS NULL THEN '' ELSE 'user_city=' || CASE WHEN `user_city` IS NOT NULL THEN TO_JSON_STRING(`user_city`) END || ',' END || CASE WHEN `user_company_domain` IS NULL THEN '' ELSE 'user_company_domain=' || CASE WHEN `user_company_domain` IS NOT NULL THEN TO_JSON_STRING(`user_company_domain`) END || ',' END || CASE WHEN `user_company_name` IS NULL THEN '' ELSE 'user_company_name=' || CASE WHEN `user_company_name` IS NOT NULL THEN TO_JSON_STRING(`user_company_name`) END || ',' END || CASE WHEN `user_country` IS NULL THEN '' ELSE 'user_country=' || CASE WHEN `user_country` IS NOT NULL THEN TO_JSON_STRING(`user_country`) END || ',' END || CASE WHEN `user_custom_fields` IS NULL THEN '' ELSE 'user_custom_fields=' || CASE WHEN `user_custom_fields` IS NOT NULL THEN TO_JSON_STRING(`user_custom_fields`) END || ',' END || CASE WHEN `user_discord` IS NULL THEN '' ELSE 'user_discord=' || CASE WHEN `user_discord` IS NOT NULL THEN TO_JSON_STRING(`user_discord`) END || ',' END || CASE WHEN `user_email` IS NULL THEN '' ELSE 'user_email=' || CASE WHEN `user_email` IS NOT NULL THEN TO_JSON_STRING(`user_email`) END || ',' END || CASE WHEN `user_external_profiles` IS NULL THEN '' ELSE 'user_external_profiles=' || CASE WHEN `user_external_profiles` IS NOT NULL THEN TO_JSON_STRING(`user_external_profiles`) END || ',' END || CASE WHEN `user_first_name` IS NULL THEN '' ELSE 'user_first_name=' || CASE WHEN `user_first_name` IS NOT NULL THEN TO_JSON_STRING(`user_first_name`) END || ',' END || CASE WHEN `user_full_name` IS NULL THEN '' ELSE 'user_full_name=' || CASE WHEN `user_full_name` IS NOT NULL THEN TO_JSON_STRING(`user_full_name`) END || ',' END || CASE WHEN `user_github` IS NULL THEN '' ELSE 'user_github=' || CASE WHEN `user_github` IS NOT NULL THEN TO_JSON_STRING(`user_github`) END || ',' END || CASE WHEN `user_id` IS NULL THEN '' ELSE 'user_id=' || CASE WHEN `user_id` IS NOT NULL THEN TO_JSON_STRING(`user_id`) END || ',' END || CASE WHEN `user_last_name` IS NULL THEN '' ELSE 'user_last_name=' || CASE WHEN `user_last_name` IS NOT NULL THEN TO_JSON_STRING(`user_last_name`) END || ',' END || CASE WHEN `user_linkedin` IS NULL THEN '' ELSE 'user_linkedin=' || CASE WHEN `user_linkedin` IS NOT NULL THEN TO_JSON_STRING(`user_linkedin`) END || ',' END || CASE WHEN `user_raw_location` IS NULL THEN '' ELSE 'user_raw_location=' || CASE WHEN `user_raw_location` IS NOT NULL THEN TO_JSON_STRING(`user_raw_location`) END || ',' END || CASE WHEN `user_region` IS NULL THEN '' ELSE 'user_region=' || CASE WHEN `user_region` IS NOT NULL THEN TO_JSON_STRING(`user_region`) END || ',' END || CASE WHEN `user_role_at_company` IS NULL THEN '' ELSE 'user_role_at_company=' || CASE WHEN `user_role_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_role_at_company`) END || ',' END || CASE WHEN `user_tags` IS NULL THEN '' ELSE 'user_tags=' || CASE WHEN `user_tags` IS NOT NULL THEN TO_JSON_STRING(`user_tags`) END || ',' END || CASE WHEN `user_title_at_company` IS NULL THEN '' ELSE 'user_title_at_company=' || CASE WHEN `user_title_at_company` IS NOT NULL THEN TO_JSON_STRING(`user_title_at_company`) END || ',' END || CASE WHEN `user_twitter` IS NULL THEN '' ELSE 'user_twitter=' || CASE WHEN `user_twitter` IS NOT NULL THEN TO_JSON_STRING(`user_twitter`) END || ',' END || CASE WHEN `user_username` IS NULL THEN '' ELSE 'user_username=' || CASE WHEN `user_username` IS NOT NULL THEN TO_JSON_STRING(`user_username`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`activity_type`, `content`, `content_format`, `id`, `parent_activity_type`, `parent_id`, `sub_source`, `tags`, `timestamp`, `title`, `url`, `user_avatar_url`, `user_bio`, `user_city`, `user_company_domain`, `user_company_name`, `user_country`, `user_custom_fields`, `user_discord`, `user_email`, `user_external_profiles`, `user_first_name`, `user_full_name`, `user_github`, `user_id`, `user_last_name`, `user_linkedin`, `user_raw_location`, `user_region`, `user_role_at_company`, `user_tags`, `user_title_at_company`, `user_twitter`, `user_username`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `activity_type` AS `value_activity_type`, `timestamp` AS `value_timestamp`, `user_id` AS `value_user_id`, `user_full_name` AS `value_user_full_name`, `user_first_name` AS `value_user_first_name`, `user_last_name` AS `value_user_last_name`, `user_username` AS `value_user_username`, `user_avatar_url` AS `value_user_avatar_url`, `user_bio` AS `value_user_bio`, `user_email` AS `value_user_email`, `user_linkedin` AS `value_user_linkedin`, `user_github` AS `value_user_github`, `user_twitter` AS `value_user_twitter`, `user_discord` AS `value_user_discord`, `user_external_profiles` AS `value_user_external_profiles`, `user_role_at_company` AS `value_user_role_at_company`, `user_title_at_company` AS `value_user_title_at_company`, `user_company_name` AS `value_user_company_name`, `user_company_domain` AS `value_user_company_domain`, `user_country` AS `value_user_country`, `user_city` AS `value_user_city`, `user_region` AS `value_user_region`, `user_raw_location` AS `value_user_raw_location`, `user_tags` AS `value_user_tags`, `user_custom_fields` AS `value_user_custom_fields`, `title` AS `value_title`, `content` AS `value_content`, `content_format` AS `value_content_format`, `url` AS `value_url`, `sub_source` AS `value_sub_source`, `parent_id` AS `value_parent_id`, `parent_activity_type` AS `value_parent_activity_type`, `tags` AS `value_tags` FROM (SELECT CASE WHEN `activity_type` IS NULL OR `id` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`activity_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING))) ELSE CAST(`activity_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END) END || ']' END AS cr_key, `id`, `activity_type`, `timestamp`, `user_id`, `user_full_name`, `user_first_name`, `user_last_name`, `user_username`, `user_avatar_url`, `user_bio`, `user_email`, `user_linkedin`, `user_github`, `user_twitter`, `user_discord`, `user_external_profiles`, `user_role_at_company`, `user_title_at_company`, `user_company_name`, `user_company_domain`, `user_country`, `user_city`, `user_region`, `user_raw_location`, `user_tags`, `user_custom_fields`, `title`, `content`, `content_format`, `url`, `sub_source`, `parent_id`, `parent_activity_type`, `tags` FROM (SELECT * FROM `crm`.`activities` AS source WHERE `timestamp` >= CAST('2025-12-31 00:00:00' AS DATETIME) AND `timestamp` < CAST('2026-01-01 00:00:00' AS DATETIME) OR `timestamp` IS NULL) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns f7433c13' FROM cr_refreshed AS r WHERE sync = 'activities' AND `partition` = '2025-12-31' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'activities' AND `partition` = '2025-12-31' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'activities' AND `partition` = '2025-12-31' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'activities', '2025-12-31', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'activities' AND `partition` = '2025-12-31');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('activities', '@null 2025-12-31', '2025-12-31', 'invalid', 0, 'null_key', 'activity_type, id', '1 row without activity_type, id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'activities', d.key, '2025-12-31', 'invalid', 0, 'duplicate_key', 'activity_type, id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'activities' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'activities' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'activities' AND `partition` = '2025-12-31'
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'activities' AND `partition` = '2025-12-31' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'members'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'members' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'members'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'members' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'members' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'members' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'members', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'members' AND `partition` = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'members' AND `partition` = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN `segment` IS NULL OR `social_type` IS NULL OR `value` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END) END || ']' END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`segment`, `social_type`, `status`, `value`))) AS row_hash FROM (SELECT * FROM `crm`.`segment_members` AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'members' AND `partition` = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 7995b1d3' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'members' AND `partition` = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'members' AND `partition` = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 7995b1d3' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'members' AND `partition` = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'members' AND `partition` = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN `segment` IS NULL OR `social_type` IS NULL OR `value` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END) END || ']' END AS cr_key, `segment`, `social_type`, `value`, `status` FROM (SELECT * FROM `crm`.`segment_members` AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END || CASE WHEN `social_type` IS NULL THEN '' ELSE 'social_type=' || CASE WHEN `social_type` IS NOT NULL THEN TO_JSON_STRING(`social_type`) END || ',' END || CASE WHEN `status` IS NULL THEN '' ELSE 'status=' || CASE WHEN `status` IS NOT NULL THEN TO_JSON_STRING(`status`) END || ',' END || CASE WHEN `value` IS NULL THEN '' ELSE 'value=' || CASE WHEN `value` IS NOT NULL THEN TO_JSON_STRING(`value`) END || ',' END)) = c.was_fingerprint;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END || CASE WHEN `social_type` IS NULL THEN '' ELSE 'social_type=' || CASE WHEN `social_type` IS NOT NULL THEN TO_JSON_STRING(`social_type`) END || ',' END || CASE WHEN `status` IS NULL THEN '' ELSE 'status=' || CASE WHEN `status` IS NOT NULL THEN TO_JSON_STRING(`status`) END || ',' END || CASE WHEN `value` IS NULL THEN '' ELSE 'value=' || CASE WHEN `value` IS NOT NULL THEN TO_JSON_STRING(`value`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`segment`, `social_type`, `status`, `value`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `segment` AS `value_segment`, `social_type` AS `value_social_type`, `value` AS `value_value`, `status` AS `value_status` FROM (SELECT CASE WHEN `segment` IS NULL OR `social_type` IS NULL OR `value` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END) END || ']' END AS cr_key, `segment`, `social_type`, `value`, `status` FROM (SELECT * FROM `crm`.`segment_members` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0 ORDER BY s.`segment`, s.`social_type`, s.`status`;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END || CASE WHEN `social_type` IS NULL THEN '' ELSE 'social_type=' || CASE WHEN `social_type` IS NOT NULL THEN TO_JSON_STRING(`social_type`) END || ',' END || CASE WHEN `status` IS NULL THEN '' ELSE 'status=' || CASE WHEN `status` IS NOT NULL THEN TO_JSON_STRING(`status`) END || ',' END || CASE WHEN `value` IS NULL THEN '' ELSE 'value=' || CASE WHEN `value` IS NOT NULL THEN TO_JSON_STRING(`value`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`segment`, `social_type`, `status`, `value`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `segment` AS `value_segment`, `social_type` AS `value_social_type`, `value` AS `value_value`, `status` AS `value_status` FROM (SELECT CASE WHEN `segment` IS NULL OR `social_type` IS NULL OR `value` IS NULL THEN NULL ELSE '[' || CASE WHEN CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`segment` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`segment` AS STRING))) ELSE CAST(`segment` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`social_type` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`social_type` AS STRING))) ELSE CAST(`social_type` AS STRING) END) END || ',' || CASE WHEN CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END IS NOT NULL THEN TO_JSON_STRING(CASE WHEN CAST(`value` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`value` AS STRING))) ELSE CAST(`value` AS STRING) END) END || ']' END AS cr_key, `segment`, `social_type`, `value`, `status` FROM (SELECT * FROM `crm`.`segment_members` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1 ORDER BY s.`segment`, s.`social_type`, s.`status`;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns 7995b1d3' FROM cr_refreshed AS r WHERE sync = 'members' AND `partition` = '' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'members' AND `partition` = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'members' AND `partition` = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'members', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'members' AND `partition` = '');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('members', '@null', '', 'invalid', 0, 'null_key', 'segment, social_type, value', '1 row without segment, social_type, value; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'members', d.key, '', 'invalid', 0, 'duplicate_key', 'segment, social_type, value', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'members' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'members' AND `partition` = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'members' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'members' AND `partition` = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'members' AND `partition` = ''
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'members' AND `partition` = '' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'members' AND `partition` = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'notes'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'notes' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'notes'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'notes' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'notes' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'notes' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'notes', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'notes' AND `partition` = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'notes' AND `partition` = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`id`, `note`, `segment`))) AS row_hash FROM (SELECT * FROM `crm`.`notes` AS source) AS source_rows) AS hashed WHERE key IN ('1');

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'notes' AND `partition` = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s LEFT JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 0f4eb807' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'notes' AND `partition` = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'notes' AND `partition` = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 0f4eb807' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'notes' AND `partition` = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'notes' AND `partition` = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `segment`, `note` FROM (SELECT * FROM `crm`.`notes` AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `note` IS NULL THEN '' ELSE 'note=' || CASE WHEN `note` IS NOT NULL THEN TO_JSON_STRING(`note`) END || ',' END || CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END)) = c.was_fingerprint;

UPDATE cr_compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'new', 'outdated', 'unknown') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `note` IS NULL THEN '' ELSE 'note=' || CASE WHEN `note` IS NOT NULL THEN TO_JSON_STRING(`note`) END || ',' END || CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`id`, `note`, `segment`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `segment` AS `value_segment`, `note` AS `value_note` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `segment`, `note` FROM (SELECT * FROM `crm`.`notes` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `id` IS NULL THEN '' ELSE 'id=' || CASE WHEN `id` IS NOT NULL THEN TO_JSON_STRING(`id`) END || ',' END || CASE WHEN `note` IS NULL THEN '' ELSE 'note=' || CASE WHEN `note` IS NOT NULL THEN TO_JSON_STRING(`note`) END || ',' END || CASE WHEN `segment` IS NULL THEN '' ELSE 'segment=' || CASE WHEN `segment` IS NOT NULL THEN TO_JSON_STRING(`segment`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`id`, `note`, `segment`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `id` AS `value_id`, `segment` AS `value_segment`, `note` AS `value_note` FROM (SELECT CASE WHEN CAST(`id` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING))) ELSE CAST(`id` AS STRING) END AS cr_key, `id`, `segment`, `note` FROM (SELECT * FROM `crm`.`notes` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns 0f4eb807' FROM cr_refreshed AS r WHERE sync = 'notes' AND `partition` = '' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'notes' AND `partition` = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'notes' AND `partition` = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('notes', '@null', '', 'invalid', 0, 'null_key', 'id', '1 row without id; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'notes', d.key, '', 'invalid', 0, 'duplicate_key', 'id', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'notes' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL) AND coalesce(l.status, '') NOT IN ('delivered', 'unknown');

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'notes' AND `partition` = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'notes' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'notes' AND `partition` = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'notes' AND `partition` = ''
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'notes' AND `partition` = '' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'notes' AND `partition` = '' AND run_id = 'run';

WITH portion AS (
  SELECT recorded_at FROM `common_room`.`sync_outcomes` WHERE sync = 'tags'
  ORDER BY recorded_at LIMIT 100000
)
SELECT max(recorded_at) FROM portion;

INSERT INTO `common_room`.`former_addresses` (sync, key, email_hash, replaced_at)
WITH latest AS (
  SELECT * FROM (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
    FROM `common_room`.`sync_outcomes` WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
  ) AS numbered
  WHERE newness = 1
)
SELECT o.sync, o.key, l.email_hash, o.recorded_at
FROM latest AS o JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'tags' AND o.key = l.key
WHERE l.email_hash <> o.email_hash;

MERGE INTO `common_room`.`sync_ledger` AS target USING (
  WITH latest AS (
    SELECT * FROM (
      SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) AS newness
      FROM `common_room`.`sync_outcomes` WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
    ) AS numbered
    WHERE newness = 1
  ),
  doubts AS (
    SELECT DISTINCT key, run_id FROM `common_room`.`sync_intents` WHERE sync = 'tags'
  )
  SELECT
    o.sync AS `sync`,
    o.key AS `key`,
    o.`partition` AS `partition`,
    o.fingerprint AS `fingerprint`,
    CASE WHEN o.status = 'delivered' THEN o.fingerprint WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END END AS `delivered_fingerprint`,
    o.row_hash AS `row_hash`,
    o.row_hash_version AS `row_hash_version`,
    o.status AS `status`,
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS `attempts`,
    CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' THEN coalesce(l.not_found_runs, 0) + 1 WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END AS `not_found_runs`,
    o.http_status AS `http_status`,
    o.reason_code AS `reason_code`,
    o.field AS `field`,
    o.message AS `message`,
    coalesce(o.email_hash, l.email_hash) AS `email_hash`,
    o.suppressed_for AS `suppressed_for`,
    coalesce(l.first_sent_at, o.sent_at) AS `first_sent_at`,
    coalesce(o.sent_at, l.last_sent_at) AS `last_sent_at`,
    o.run_id AS `run_id`,
    CAST(NULL AS TIMESTAMP) AS `absent_since`
  FROM latest AS o
  LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'tags' AND o.key = l.key
  LEFT JOIN doubts AS d ON d.key = o.key
) AS source ON target.`sync` = source.`sync` AND target.`key` = source.`key` WHEN MATCHED THEN UPDATE SET `partition` = source.`partition`, `fingerprint` = source.`fingerprint`, `delivered_fingerprint` = source.`delivered_fingerprint`, `row_hash` = source.`row_hash`, `row_hash_version` = source.`row_hash_version`, `status` = source.`status`, `attempts` = source.`attempts`, `not_found_runs` = source.`not_found_runs`, `http_status` = source.`http_status`, `reason_code` = source.`reason_code`, `field` = source.`field`, `message` = source.`message`, `email_hash` = source.`email_hash`, `suppressed_for` = source.`suppressed_for`, `first_sent_at` = source.`first_sent_at`, `last_sent_at` = source.`last_sent_at`, `run_id` = source.`run_id`, `absent_since` = source.`absent_since` WHEN NOT MATCHED THEN INSERT (`sync`, `key`, `partition`, `fingerprint`, `delivered_fingerprint`, `row_hash`, `row_hash_version`, `status`, `attempts`, `not_found_runs`, `http_status`, `reason_code`, `field`, `message`, `email_hash`, `suppressed_for`, `first_sent_at`, `last_sent_at`, `run_id`, `absent_since`) VALUES (source.`sync`, source.`key`, source.`partition`, source.`fingerprint`, source.`delivered_fingerprint`, source.`row_hash`, source.`row_hash_version`, source.`status`, source.`attempts`, source.`not_found_runs`, source.`http_status`, source.`reason_code`, source.`field`, source.`message`, source.`email_hash`, source.`suppressed_for`, source.`first_sent_at`, source.`last_sent_at`, source.`run_id`, source.`absent_since`);

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'tags' AND key IN (
  SELECT key FROM `common_room`.`sync_outcomes` WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
);

DELETE FROM `common_room`.`sync_outcomes` WHERE sync = 'tags' AND recorded_at <= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

INSERT INTO `common_room`.`sync_runs` (`run_id`, `sync`, `partition`, `state`, `host`, `process`, `started_at`, `heartbeat_at`, `resync`)
VALUES ('run', 'tags', '', 'running', 'host', 1, CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), 'changed');

SELECT run_id, host, process, started_at, heartbeat_at FROM `common_room`.`sync_runs`
WHERE sync = 'tags' AND `partition` = '' AND state = 'running'
  AND NOT (run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP));

UPDATE `common_room`.`sync_runs` SET state = 'interrupted'
WHERE sync = 'tags' AND `partition` = '' AND state = 'running' AND run_id = 'dead' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP);

CREATE TEMPORARY TABLE cr_source_keys AS SELECT key, row_hash FROM (SELECT CASE WHEN CAST(`name` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`name` AS STRING))) ELSE CAST(`name` AS STRING) END AS key, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`description`, `entity_types`, `name`))) AS row_hash FROM (SELECT * FROM `crm`.`tags` AS source) AS source_rows) AS hashed;

SELECT 1 FROM (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'tags' AND `partition` = '') AS i LIMIT 1;

CREATE TEMPORARY TABLE cr_unsettled AS SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM cr_duplicates)) AS s FULL JOIN (SELECT key, CASE WHEN absent_since IS NOT NULL THEN NULL WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') OR row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 083453c7' THEN -1 ELSE coalesce(row_hash, -1) END AS settled_hash FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND `partition` = '') AS l ON s.key = l.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'tags' AND `partition` = '') AS i ON i.key = s.key WHERE (s.row_hash IS DISTINCT FROM l.settled_hash OR i.key IS NOT NULL OR s.key IS NOT NULL) AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates) AND coalesce(s.key, l.key) <> '@null';

CREATE TEMPORARY TABLE cr_compared AS SELECT s.key, s.row_hash, CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' WHEN i.key IS NOT NULL THEN 'interrupted' WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' WHEN l.row_hash_version IS DISTINCT FROM 'bigquery farm_fingerprint, columns 083453c7' THEN 'rehashed' WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END AS why, l.absent_since, l.status AS was_status, l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, l.not_found_runs AS was_not_found_runs FROM cr_unsettled AS s LEFT JOIN (SELECT key, status, fingerprint, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, absent_since FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND `partition` = '') AS l ON l.key = s.key LEFT JOIN (SELECT DISTINCT key FROM `common_room`.`sync_intents` WHERE sync = 'tags' AND `partition` = '') AS i ON i.key = s.key;

INSERT INTO cr_refreshed SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END FROM (SELECT CASE WHEN CAST(`name` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`name` AS STRING))) ELSE CAST(`name` AS STRING) END AS cr_key, `name`, `description`, `entity_types` FROM (SELECT * FROM `crm`.`tags` AS source) AS source_rows) AS s JOIN cr_compared AS c ON s.cr_key = c.key WHERE c.why = 'rehashed' AND TO_HEX(MD5(CASE WHEN `description` IS NULL THEN '' ELSE 'description=' || CASE WHEN `description` IS NOT NULL THEN TO_JSON_STRING(`description`) END || ',' END || CASE WHEN `entity_types` IS NULL THEN '' ELSE 'entity_types=' || CASE WHEN `entity_types` IS NOT NULL THEN TO_JSON_STRING(`entity_types`) END || ',' END || CASE WHEN `name` IS NULL THEN '' ELSE 'name=' || CASE WHEN `name` IS NOT NULL THEN TO_JSON_STRING(`name`) END || ',' END)) = c.was_fingerprint;

SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key;

UPDATE cr_compared SET why = 'missing' WHERE key IN ('deleted by hand');

SELECT count(*) FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND `partition` = '') AS l WHERE there IS NOT NULL;

SELECT key FROM (SELECT key, CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS there FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND `partition` = '') AS l WHERE there IS NOT NULL AND key NOT IN (SELECT key FROM cr_source_keys WHERE key IS NOT NULL) ORDER BY key;

CREATE TEMPORARY TABLE cr_offered AS SELECT * FROM (SELECT *, 0 AS turn FROM cr_compared WHERE why IN ('changed', 'interrupted', 'missing', 'new') UNION ALL SELECT *, 1 AS turn FROM cr_compared WHERE why IN ('recheck', 'retry')) AS turned;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `description` IS NULL THEN '' ELSE 'description=' || CASE WHEN `description` IS NOT NULL THEN TO_JSON_STRING(`description`) END || ',' END || CASE WHEN `entity_types` IS NULL THEN '' ELSE 'entity_types=' || CASE WHEN `entity_types` IS NOT NULL THEN TO_JSON_STRING(`entity_types`) END || ',' END || CASE WHEN `name` IS NULL THEN '' ELSE 'name=' || CASE WHEN `name` IS NOT NULL THEN TO_JSON_STRING(`name`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`description`, `entity_types`, `name`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `name` AS `value_name`, `description` AS `value_description`, `entity_types` AS `value_entity_types` FROM (SELECT CASE WHEN CAST(`name` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`name` AS STRING))) ELSE CAST(`name` AS STRING) END AS cr_key, `name`, `description`, `entity_types` FROM (SELECT * FROM `crm`.`tags` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 0;

SELECT o.key, o.why, TO_HEX(MD5(CASE WHEN `description` IS NULL THEN '' ELSE 'description=' || CASE WHEN `description` IS NOT NULL THEN TO_JSON_STRING(`description`) END || ',' END || CASE WHEN `entity_types` IS NULL THEN '' ELSE 'entity_types=' || CASE WHEN `entity_types` IS NOT NULL THEN TO_JSON_STRING(`entity_types`) END || ',' END || CASE WHEN `name` IS NULL THEN '' ELSE 'name=' || CASE WHEN `name` IS NOT NULL THEN TO_JSON_STRING(`name`) END || ',' END)) AS fingerprint, FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`description`, `entity_types`, `name`))) AS row_hash, o.was_status, o.was_fingerprint, o.was_delivered, o.was_message, o.was_not_found_runs, `name` AS `value_name`, `description` AS `value_description`, `entity_types` AS `value_entity_types` FROM (SELECT CASE WHEN CAST(`name` AS STRING) LIKE '%@%' THEN 'sha256:' || TO_HEX(SHA256(CAST(`name` AS STRING))) ELSE CAST(`name` AS STRING) END AS cr_key, `name`, `description`, `entity_types` FROM (SELECT * FROM `crm`.`tags` AS source) AS source_rows) AS s JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = 1;

UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'bigquery farm_fingerprint, columns 083453c7' FROM cr_refreshed AS r WHERE sync = 'tags' AND `partition` = '' AND `sync_ledger`.key = r.key;

UPDATE `common_room`.`sync_ledger` SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMP) WHERE sync = 'tags' AND `partition` = '' AND key IN (SELECT key FROM cr_compared WHERE why = 'gone');

UPDATE `common_room`.`sync_ledger` SET absent_since = NULL WHERE sync = 'tags' AND `partition` = '' AND absent_since IS NOT NULL AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone');

INSERT INTO `common_room`.`sync_intents` (sync, `partition`, key, run_id) SELECT 'tags', '', key, 'run' FROM cr_offered WHERE key NOT IN (SELECT key FROM `common_room`.`sync_intents` WHERE sync = 'tags' AND `partition` = '');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) VALUES ('tags', '@null', '', 'invalid', 0, 'null_key', 'name', '1 row without name; give every row a key, or leave such rows out of the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run');

INSERT INTO `common_room`.`sync_outcomes` (`sync`, `key`, `partition`, `status`, `attempts`, `reason_code`, `field`, `message`, `recorded_at`, `run_id`) SELECT 'tags', d.key, '', 'invalid', 0, 'duplicate_key', 'name', CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view', CAST(CURRENT_TIMESTAMP AS TIMESTAMP), 'run' FROM cr_duplicates AS d LEFT JOIN `common_room`.`sync_ledger` AS l ON l.sync = 'tags' AND l.key = d.key WHERE (l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view' OR l.absent_since IS NOT NULL);

UPDATE `common_room`.`sync_runs`
SET `heartbeat_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
WHERE sync = 'tags' AND `partition` = '' AND run_id = 'run' AND state = 'running';

SELECT key, email_hash FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`sync_outcomes` WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`former_addresses` WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL) UNION ALL SELECT key, email_hash FROM `common_room`.`known_addresses` WHERE sync = 'tags' AND email_hash IN (SELECT email_hash FROM `common_room`.`pii_removals` WHERE lifted_at IS NULL AND email_hash IS NOT NULL);

SELECT status, count(*) FROM `common_room`.`sync_ledger`
WHERE sync = 'tags' AND `partition` = '' AND absent_since IS NULL
GROUP BY status;

SELECT key, status, field, reason_code, message FROM `common_room`.`rejected_rows`
WHERE sync = 'tags' AND `partition` = ''
ORDER BY key LIMIT 20;

UPDATE `common_room`.`sync_runs`
SET `state` = 'succeeded', `finished_at` = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP), `delivered` = 1, `seconds` = 0.5, `stopped_by` = NULL
WHERE sync = 'tags' AND `partition` = '' AND run_id = 'run' AND state = 'running';

DELETE FROM `common_room`.`sync_intents`
WHERE sync = 'tags' AND `partition` = '' AND run_id = 'run';

DELETE FROM `common_room`.`sync_ledger` WHERE sync = 'tags' AND key IN ('absent');

DELETE FROM `common_room`.`room_segments` WHERE 1 = 1;

INSERT INTO `common_room`.`room_segments` (`id`, `name`, `read_at`) SELECT CAST(JSON_VALUE(appended, '$.id') AS INT64), CAST(JSON_VALUE(appended, '$.name') AS STRING), CAST(JSON_VALUE(appended, '$.read_at') AS TIMESTAMP) FROM UNNEST(JSON_QUERY_ARRAY(@appended)) AS appended;

SELECT sync, `partition`, count(*) FROM `common_room`.`sync_ledger`
WHERE status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL) AND sync = 'tags'
GROUP BY sync, `partition`
HAVING max(last_sent_at) IS NULL OR max(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP)
ORDER BY sync, `partition`;

SELECT 1 FROM `common_room`.`sync_runs`
WHERE sync = 'tags' AND `partition` = '' AND heartbeat_at >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMP) LIMIT 1;

UPDATE `common_room`.`sync_ledger` SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE sync = 'tags' AND `partition` = '' AND status = 'delivered' AND fingerprint IS NOT NULL AND (delivered_fingerprint IS NOT NULL OR row_hash IS NOT NULL OR row_hash_version IS NOT NULL OR not_found_runs IS NOT NULL OR http_status IS NOT NULL OR first_sent_at IS NOT NULL OR run_id IS NOT NULL);

