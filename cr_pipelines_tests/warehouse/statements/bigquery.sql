-- hash keys
CREATE TEMPORARY TABLE cr_source_keys AS
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST(`id` AS STRING) LIKE '%@%'
      THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING)))
      ELSE CAST(`id` AS STRING)
    END AS key,
    FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`email`, `full_name`, `id`))) AS row_hash
  FROM (
    SELECT
      *
    FROM `crm`.`contacts` AS source
  ) AS source_rows
) AS hashed;

-- hash some keys of a day
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN `activity_type` IS NULL OR `id` IS NULL
      THEN NULL
      ELSE '[' || CASE
        WHEN NOT CASE
          WHEN CAST(`activity_type` AS STRING) LIKE '%@%'
          THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING)))
          ELSE CAST(`activity_type` AS STRING)
        END IS NULL
        THEN TO_JSON_STRING(
          CASE
            WHEN CAST(`activity_type` AS STRING) LIKE '%@%'
            THEN 'sha256:' || TO_HEX(SHA256(CAST(`activity_type` AS STRING)))
            ELSE CAST(`activity_type` AS STRING)
          END
        )
      END || ',' || CASE
        WHEN NOT CASE
          WHEN CAST(`id` AS STRING) LIKE '%@%'
          THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING)))
          ELSE CAST(`id` AS STRING)
        END IS NULL
        THEN TO_JSON_STRING(
          CASE
            WHEN CAST(`id` AS STRING) LIKE '%@%'
            THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING)))
            ELSE CAST(`id` AS STRING)
          END
        )
      END || ']'
    END AS key,
    FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`activity_type`, `id`, `timestamp`))) AS row_hash
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM crm.activities
      WHERE
        name <> 'x'
    ) AS source
    WHERE
      `timestamp` >= CAST('2026-01-01 00:00:00' AS DATETIME)
      AND `timestamp` < CAST('2026-01-02 00:00:00' AS DATETIME)
      OR `timestamp` IS NULL
  ) AS source_rows
) AS hashed
WHERE
  key IN ('a', 'b"\\');

-- duplicate keys
SELECT
  key,
  count(*) AS copies
FROM cr_source_keys
WHERE
  NOT key IS NULL
GROUP BY
  key
HAVING
  count(*) > 1;

-- count source rows
SELECT
  count(*),
  count(CASE WHEN key IS NULL THEN 1 END)
FROM cr_source_keys;

-- count duplicates
SELECT
  count(*),
  CAST(coalesce(sum(copies), 0) AS INT64)
FROM cr_duplicates;

-- had rows before
SELECT
  1
FROM `common_room`.`sync_ledger`
WHERE
  sync = 'contacts' AND `partition` = '' AND gone_since IS NULL
LIMIT 1;

-- find candidates
SELECT
  coalesce(s.key, l.key) AS key,
  s.row_hash
FROM (
  SELECT
    key,
    row_hash
  FROM cr_source_keys
  WHERE
    NOT key IS NULL
) AS s
FULL JOIN (
  SELECT
    key,
    CASE
      WHEN NOT gone_since IS NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE coalesce(row_hash, -1)
    END AS settled_hash
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS l
  ON s.key = l.key
WHERE
  (
    s.row_hash IS DISTINCT FROM l.settled_hash
  );

-- find candidates at worst
SELECT
  coalesce(s.key, l.key) AS key,
  s.row_hash
FROM (
  SELECT
    key,
    row_hash
  FROM cr_source_keys
  WHERE
    NOT key IS NULL
    AND NOT EXISTS(
      SELECT
        1
      FROM cr_duplicates AS d
      WHERE
        d.key = cr_source_keys.key
    )
) AS s
FULL JOIN (
  SELECT
    key,
    CASE
      WHEN NOT gone_since IS NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE coalesce(row_hash, -1)
    END AS settled_hash
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS l
  ON s.key = l.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM `common_room`.`sync_intents`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS i
  ON i.key = s.key
WHERE
  (
    s.row_hash IS DISTINCT FROM l.settled_hash
    OR NOT i.key IS NULL
    OR NOT s.key IS NULL
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM cr_duplicates AS d
    WHERE
      d.key = coalesce(s.key, l.key)
  )
  AND coalesce(s.key, l.key) <> '@null';

-- compare
SELECT
  s.key,
  s.row_hash,
  CASE
    WHEN s.row_hash IS NULL
    THEN 'absent'
    WHEN l.status = 'unknown'
    THEN 'unknown'
    WHEN l.key IS NULL
    THEN 'new'
    WHEN l.status = 'failed'
    THEN 'retry'
    WHEN l.status IN ('invalid', 'suppressed')
    THEN 'recheck'
    WHEN l.row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
    THEN 'rehashed'
    WHEN l.row_hash IS DISTINCT FROM s.row_hash
    THEN 'changed'
    WHEN l.status = 'rejected'
    THEN 'rejected'
    ELSE 'unchanged'
  END AS why,
  l.gone_since,
  l.status AS was_status,
  l.fingerprint AS was_fingerprint,
  l.delivered_fingerprint AS was_delivered,
  l.message AS was_message,
  l.not_found_runs AS was_not_found_runs
FROM cr_candidates AS s
LEFT JOIN (
  SELECT
    key,
    status,
    fingerprint,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint,
    row_hash,
    row_hash_version,
    message,
    not_found_runs,
    gone_since
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS l
  ON l.key = s.key;

-- compare after an interrupted run
SELECT
  s.key,
  s.row_hash,
  CASE
    WHEN s.row_hash IS NULL
    THEN 'absent'
    WHEN l.status = 'unknown'
    THEN 'unknown'
    WHEN NOT i.key IS NULL
    THEN 'interrupted'
    WHEN l.key IS NULL
    THEN 'new'
    WHEN l.status = 'failed'
    THEN 'retry'
    WHEN l.status IN ('invalid', 'suppressed')
    THEN 'recheck'
    WHEN l.row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
    THEN 'rehashed'
    WHEN l.row_hash IS DISTINCT FROM s.row_hash
    THEN 'changed'
    WHEN l.status = 'rejected'
    THEN 'rejected'
    ELSE 'unchanged'
  END AS why,
  l.gone_since,
  l.status AS was_status,
  l.fingerprint AS was_fingerprint,
  l.delivered_fingerprint AS was_delivered,
  l.message AS was_message,
  l.not_found_runs AS was_not_found_runs
FROM cr_candidates AS s
LEFT JOIN (
  SELECT
    key,
    status,
    fingerprint,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint,
    row_hash,
    row_hash_version,
    message,
    not_found_runs,
    gone_since
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'it\'s' AND `partition` = '2026-01-01'
) AS l
  ON l.key = s.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM `common_room`.`sync_intents`
  WHERE
    sync = 'it\'s' AND `partition` = '2026-01-01'
) AS i
  ON i.key = s.key;

-- create refreshed
CREATE TEMPORARY TABLE cr_refreshed (
  key STRING,
  row_hash INT64,
  why STRING
);

-- find refreshed
INSERT INTO cr_refreshed
SELECT
  c.key,
  c.row_hash,
  CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END
FROM (
  SELECT
    CASE
      WHEN CAST(`id` AS STRING) LIKE '%@%'
      THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING)))
      ELSE CAST(`id` AS STRING)
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM `crm`.`contacts` AS source
  ) AS source_rows
) AS s
JOIN cr_compared AS c
  ON s.cr_key = c.key
WHERE
  c.why = 'rehashed'
  AND TO_HEX(
    MD5(
      CASE
        WHEN `email` IS NULL
        THEN ''
        ELSE 'email=' || CASE WHEN NOT `email` IS NULL THEN TO_JSON_STRING(`email`) END || ','
      END || CASE
        WHEN `full_name` IS NULL
        THEN ''
        ELSE 'full_name=' || CASE WHEN NOT `full_name` IS NULL THEN TO_JSON_STRING(`full_name`) END || ','
      END || CASE
        WHEN `id` IS NULL
        THEN ''
        ELSE 'id=' || CASE WHEN NOT `id` IS NULL THEN TO_JSON_STRING(`id`) END || ','
      END
    )
  ) = c.was_fingerprint;

-- settle refreshed 1
UPDATE cr_compared SET why = r.why
FROM cr_refreshed AS r
WHERE
  cr_compared.key = r.key;

-- settle refreshed 2
UPDATE cr_compared SET why = 'changed'
WHERE
  why = 'rehashed';

-- set changed after delivery
UPDATE cr_compared SET why = 'changed_after_delivery'
WHERE
  why IN ('changed', 'recheck') AND NOT was_delivered IS NULL;

-- unchanged keys
SELECT
  key
FROM cr_compared
WHERE
  why = 'unchanged'
ORDER BY
  key;

-- set deleted remotely
UPDATE cr_compared SET why = 'deleted_remotely'
WHERE
  key IN ('vip', 'it\'s');

-- count delivered
SELECT
  count(*)
FROM (
  SELECT
    key,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS in_room
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS l
WHERE
  NOT in_room IS NULL;

-- delivered and absent
SELECT
  l.key
FROM (
  SELECT
    key,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS in_room
  FROM `common_room`.`sync_ledger`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS l
WHERE
  NOT in_room IS NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM cr_source_keys AS s
    WHERE
      s.key = l.key
  )
ORDER BY
  l.key;

-- count compared
SELECT
  why,
  count(*)
FROM cr_compared
GROUP BY
  why;

-- offer changed
SELECT
  *
FROM (
  SELECT
    *,
    0 AS turn
  FROM cr_compared
  WHERE
    why IN ('changed', 'interrupted', 'new')
  UNION ALL
  SELECT
    *,
    1 AS turn
  FROM cr_compared
  WHERE
    why IN ('recheck', 'retry')
) AS turned;

-- offer failed
SELECT
  *
FROM (
  SELECT
    *,
    0 AS turn
  FROM cr_compared
  WHERE
    why <> 'absent' AND was_status IN ('failed', 'rejected')
) AS turned;

-- offer all
SELECT
  *
FROM (
  SELECT
    *,
    0 AS turn
  FROM cr_compared
  WHERE
    why IN ('changed', 'deleted_remotely', 'interrupted', 'new', 'unchanged')
  UNION ALL
  SELECT
    *,
    1 AS turn
  FROM cr_compared
  WHERE
    why IN ('recheck', 'rejected', 'retry')
) AS turned
ORDER BY
  turn
LIMIT 5;

-- count new
SELECT
  count(CASE WHEN why = 'new' THEN 1 END)
FROM cr_offered;

-- read offered
SELECT
  o.key,
  o.why,
  TO_HEX(
    MD5(
      CASE
        WHEN `email` IS NULL
        THEN ''
        ELSE 'email=' || CASE WHEN NOT `email` IS NULL THEN TO_JSON_STRING(`email`) END || ','
      END || CASE
        WHEN `full_name` IS NULL
        THEN ''
        ELSE 'full_name=' || CASE WHEN NOT `full_name` IS NULL THEN TO_JSON_STRING(`full_name`) END || ','
      END || CASE
        WHEN `id` IS NULL
        THEN ''
        ELSE 'id=' || CASE WHEN NOT `id` IS NULL THEN TO_JSON_STRING(`id`) END || ','
      END
    )
  ) AS fingerprint,
  FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(`email`, `full_name`, `id`))) AS row_hash,
  o.was_status,
  o.was_fingerprint,
  o.was_delivered,
  o.was_message,
  o.was_not_found_runs,
  `id` AS `value_id`,
  `full_name` AS `value_full_name`,
  `email` AS `value_email`
FROM (
  SELECT
    CASE
      WHEN CAST(`id` AS STRING) LIKE '%@%'
      THEN 'sha256:' || TO_HEX(SHA256(CAST(`id` AS STRING)))
      ELSE CAST(`id` AS STRING)
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM `crm`.`contacts` AS source
  ) AS source_rows
) AS s
JOIN cr_offered AS o
  ON s.cr_key = o.key
WHERE
  o.turn = 0
ORDER BY
  s.`email`;

-- refresh hashes
UPDATE `common_room`.`sync_ledger` SET row_hash = r.row_hash, row_hash_version = 'engine 1, columns 01234567'
FROM cr_refreshed AS r
WHERE
  sync = 'contacts' AND `partition` = '' AND `sync_ledger`.key = r.key;

-- record absent
UPDATE `common_room`.`sync_ledger` SET gone_since = CAST(CURRENT_TIMESTAMP() AS TIMESTAMP)
WHERE
  sync = 'contacts'
  AND `partition` = ''
  AND key IN (
    SELECT
      key
    FROM cr_compared
    WHERE
      why = 'absent'
  );

-- record returned
UPDATE `common_room`.`sync_ledger` SET gone_since = NULL
WHERE
  sync = 'contacts'
  AND `partition` = ''
  AND NOT gone_since IS NULL
  AND key IN (
    SELECT
      key
    FROM cr_compared
    WHERE
      why <> 'absent'
  );

-- record intents
INSERT INTO `common_room`.`sync_intents` (
  sync,
  `partition`,
  key,
  run_id
)
SELECT
  'contacts',
  '',
  o.key,
  'run'
FROM cr_offered AS o
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM `common_room`.`sync_intents`
  WHERE
    sync = 'contacts' AND `partition` = ''
) AS i
  ON i.key = o.key
WHERE
  i.key IS NULL;

-- record null keys
INSERT INTO `common_room`.`sync_outcomes` (
  `sync`,
  `key`,
  `partition`,
  `status`,
  `attempts`,
  `reason_code`,
  `field`,
  `message`,
  `recorded_at`,
  `run_id`
)
VALUES
  (
    'contacts',
    '@null',
    '',
    'invalid',
    0,
    'null_key',
    'id',
    '2 rows without id',
    CAST(CURRENT_TIMESTAMP() AS TIMESTAMP),
    'run'
  );

-- record duplicates
INSERT INTO `common_room`.`sync_outcomes` (
  `sync`,
  `key`,
  `partition`,
  `status`,
  `attempts`,
  `reason_code`,
  `field`,
  `message`,
  `recorded_at`,
  `run_id`
)
SELECT
  'contacts',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP() AS TIMESTAMP),
  'run'
FROM cr_duplicates AS d
LEFT JOIN `common_room`.`sync_ledger` AS l
  ON l.sync = 'contacts' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view'
    OR NOT l.gone_since IS NULL
  );

-- record duplicates of an append
INSERT INTO `common_room`.`sync_outcomes` (
  `sync`,
  `key`,
  `partition`,
  `status`,
  `attempts`,
  `reason_code`,
  `field`,
  `message`,
  `recorded_at`,
  `run_id`
)
SELECT
  'notes',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP() AS TIMESTAMP),
  'run'
FROM cr_duplicates AS d
LEFT JOIN `common_room`.`sync_ledger` AS l
  ON l.sync = 'notes' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS STRING) || ' rows have this key, and none of them is sent; keep one in the view'
    OR NOT l.gone_since IS NULL
  )
  AND NOT coalesce(l.status, '') IN ('delivered', 'unknown');

-- example duplicates
SELECT
  key,
  copies
FROM cr_duplicates
ORDER BY
  key
LIMIT 3;
