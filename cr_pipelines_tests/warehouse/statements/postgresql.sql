-- hash keys
CREATE TEMPORARY TABLE cr_source_keys AS
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
      OR OCTET_LENGTH(CAST("id" AS TEXT) COLLATE "default") > 1000
      THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
      ELSE CAST("id" AS TEXT) COLLATE "default"
    END AS key,
    (
      COALESCE(HASHTEXTEXTENDED("email" COLLATE "C", 1), 1) # COALESCE(HASHTEXTEXTENDED("full_name" COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED("id" COLLATE "C", 3), 3)
    ) AS row_hash
  FROM (
    SELECT
      *
    FROM "crm"."contacts" AS source
  ) AS source_rows
) AS hashed;

-- hash some keys of a day
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST("activity_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("id" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("activity_type" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("id" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("activity_type" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("id" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("activity_type" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("id" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key,
    (
      COALESCE(HASHTEXTEXTENDED("activity_type" COLLATE "C", 1), 1) # COALESCE(HASHTEXTEXTENDED("id" COLLATE "C", 2), 2) # HASH_RECORD_EXTENDED(ROW("timestamp"), 0)
    ) AS row_hash
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
      "timestamp" >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)
      AND "timestamp" < CAST('2026-01-02 00:00:00' AS TIMESTAMP)
      OR (
        "timestamp" IS NULL
        OR "timestamp" < CAST('0001-01-02 00:00:00' AS TIMESTAMP)
        OR "timestamp" > CAST('9999-12-30 00:00:00' AS TIMESTAMP)
      )
  ) AS source_rows
) AS hashed
WHERE
  key IN ('a', 'b"\');

-- find moved
SELECT
  l.key
FROM "common_room"."sync_ledger" AS l
WHERE
  l.sync = 'it''s'
  AND (
    l."partition" <> '2026-01-01' OR l.reason_code = 'duplicate_key'
  )
  AND EXISTS(
    SELECT
      1
    FROM cr_source_keys AS s
    WHERE
      s.key = l.key
  );

-- find elsewhere
SELECT
  key,
  COUNT(*) AS copies
FROM (
  SELECT
    CASE
      WHEN CAST("activity_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("id" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("activity_type" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("id" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("activity_type" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("id" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("activity_type" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("id" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key
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
      (
        "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP)
        OR "timestamp" >= CAST('2026-01-02 00:00:00' AS TIMESTAMP)
      )
      AND NOT (
        "timestamp" IS NULL
        OR "timestamp" < CAST('0001-01-02 00:00:00' AS TIMESTAMP)
        OR "timestamp" > CAST('9999-12-30 00:00:00' AS TIMESTAMP)
      )
  ) AS source_rows
) AS keyed
WHERE
  EXISTS(
    SELECT
      1
    FROM cr_moved AS m
    WHERE
      m.key = keyed.key
  )
GROUP BY
  key;

-- any in partitions
SELECT
  1
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts' AND "partition" > '' AND absent_since IS NULL
LIMIT 1;

-- record moved
UPDATE "common_room"."sync_ledger" SET "partition" = '2026-01-01'
WHERE
  sync = 'it''s'
  AND "partition" <> '2026-01-01'
  AND EXISTS(
    SELECT
      1
    FROM cr_source_keys AS s
    WHERE
      s.key = "sync_ledger".key
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM cr_duplicates AS d
    WHERE
      d.key = "sync_ledger".key
  );

-- duplicate keys
SELECT
  key,
  COUNT(*) AS copies,
  COUNT(*) AS here
FROM cr_source_keys
WHERE
  key IS NOT NULL
GROUP BY
  key
HAVING
  COUNT(*) > 1;

-- duplicate keys of several days
SELECT
  h.key,
  h.copies + COALESCE(e.copies, 0) AS copies,
  h.here
FROM (
  SELECT
    key,
    COUNT(*) AS copies,
    COUNT(*) AS here
  FROM cr_source_keys
  WHERE
    key IS NOT NULL
  GROUP BY
    key
) AS h
LEFT JOIN cr_elsewhere AS e
  ON e.key = h.key
WHERE
  h.copies + COALESCE(e.copies, 0) > 1;

-- may be respelled
SELECT
  1
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts'
  AND (
    key LIKE '%.%' OR key LIKE '%e+%' OR key LIKE '"%' OR key LIKE '%-0%'
  )
LIMIT 1;

-- respelled keys
CREATE TEMPORARY TABLE cr_respelled AS
SELECT
  MIN(was) AS was,
  key
FROM (
  SELECT
    CASE
      WHEN CAST("id" AS TEXT) LIKE '%@%' OR OCTET_LENGTH(CAST("id" AS TEXT)) > 1000
      THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT), 'UTF8')), 'hex')
      ELSE CAST("id" AS TEXT)
    END AS was,
    CASE
      WHEN NOT CAST("id" AS TEXT) IN ('NaN', 'Infinity', '-Infinity')
      THEN CASE
        WHEN "id" = FLOOR("id") AND ABS("id") < 8e34
        THEN CAST(CAST(CAST(FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) AS BIGINT) AS DECIMAL) * 9007199254740992 + CAST(CAST("id" AS DOUBLE PRECISION) - FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) * 9007199254740992 AS BIGINT) AS TEXT)
        ELSE CAST("id" AS TEXT)
      END
    END AS key
  FROM (
    SELECT
      *
    FROM "crm"."contacts" AS source
  ) AS source_rows
) AS spelled
WHERE
  was <> key
  AND EXISTS(
    SELECT
      1
    FROM "common_room"."sync_ledger" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.was
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "common_room"."sync_ledger" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.key
  )
GROUP BY
  key;

-- respell
UPDATE "common_room"."sync_ledger" SET key = r.key
FROM cr_respelled AS r
WHERE
  "sync_ledger".sync = 'contacts' AND "sync_ledger".key = r.was;

-- any key
SELECT
  1
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts'
LIMIT 1;

-- hash keys of names
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST("social_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("value" AS TEXT) COLLATE "default" IS NULL
      OR CAST("field" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE
                        WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                        THEN LOWER(
                          REPLACE(
                            REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                            'I',
                            'i'
                          )
                        )
                        ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE CAST("field" AS TEXT) COLLATE "default"
                        WHEN '11'
                        THEN 'Plan tier'
                        WHEN 'it''s'
                        THEN 'Plan tier'
                        ELSE CAST("field" AS TEXT) COLLATE "default"
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE
                            WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                            THEN LOWER(
                              REPLACE(
                                REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                                'I',
                                'i'
                              )
                            )
                            ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE CAST("field" AS TEXT) COLLATE "default"
                            WHEN '11'
                            THEN 'Plan tier'
                            WHEN 'it''s'
                            THEN 'Plan tier'
                            ELSE CAST("field" AS TEXT) COLLATE "default"
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key,
    (
      COALESCE(HASHTEXTEXTENDED("field" COLLATE "C", 1), 1) # COALESCE(HASHTEXTEXTENDED("social_type" COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED("value" COLLATE "C", 3), 3)
    ) AS row_hash
  FROM crm.plans
) AS hashed;

-- renamed keys
SELECT
  MIN(was) AS was,
  key
FROM (
  SELECT
    CASE
      WHEN CAST("social_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("value" AS TEXT) COLLATE "default" IS NULL
      OR CAST("field" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN CAST("social_type" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("social_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("social_type" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("value" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("value" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CAST("field" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("field" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("social_type" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("social_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("social_type" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("value" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("value" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("field" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("field" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("field" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN CAST("social_type" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("social_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("social_type" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("value" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("value" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CAST("field" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("field" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("field" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ']'
        )
      END
    END AS was,
    CASE
      WHEN CAST("social_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("value" AS TEXT) COLLATE "default" IS NULL
      OR CAST("field" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE
                        WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                        THEN LOWER(
                          REPLACE(
                            REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                            'I',
                            'i'
                          )
                        )
                        ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE CAST("field" AS TEXT) COLLATE "default"
                        WHEN '11'
                        THEN 'Plan tier'
                        WHEN 'it''s'
                        THEN 'Plan tier'
                        ELSE CAST("field" AS TEXT) COLLATE "default"
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE
                            WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                            THEN LOWER(
                              REPLACE(
                                REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                                'I',
                                'i'
                              )
                            )
                            ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE CAST("field" AS TEXT) COLLATE "default"
                            WHEN '11'
                            THEN 'Plan tier'
                            WHEN 'it''s'
                            THEN 'Plan tier'
                            ELSE CAST("field" AS TEXT) COLLATE "default"
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key
  FROM crm.plans
  UNION ALL
  SELECT
    CASE
      WHEN CAST("social_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("value" AS TEXT) COLLATE "default" IS NULL
      OR CAST("field" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")) LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(CONVERT_TO(LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")), 'UTF8')),
                  'hex'
                )
                ELSE LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default"))
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                  ELSE CAST("value" AS TEXT) COLLATE "default"
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE
                        WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                        THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                        ELSE CAST("value" AS TEXT) COLLATE "default"
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                  ELSE CAST("value" AS TEXT) COLLATE "default"
                END
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE CAST("field" AS TEXT) COLLATE "default"
                        WHEN '11'
                        THEN 'Plan tier'
                        WHEN 'it''s'
                        THEN 'Plan tier'
                        ELSE CAST("field" AS TEXT) COLLATE "default"
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")) LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(CONVERT_TO(LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")), 'UTF8')),
                      'hex'
                    )
                    ELSE LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default"))
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                      ELSE CAST("value" AS TEXT) COLLATE "default"
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE
                            WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                            THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                            ELSE CAST("value" AS TEXT) COLLATE "default"
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                      ELSE CAST("value" AS TEXT) COLLATE "default"
                    END
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE CAST("field" AS TEXT) COLLATE "default"
                            WHEN '11'
                            THEN 'Plan tier'
                            WHEN 'it''s'
                            THEN 'Plan tier'
                            ELSE CAST("field" AS TEXT) COLLATE "default"
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")) LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(CONVERT_TO(LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default")), 'UTF8')),
                'hex'
              )
              ELSE LOWER(TRIM(CAST("social_type" AS TEXT) COLLATE "default"))
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                ELSE CAST("value" AS TEXT) COLLATE "default"
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                      ELSE CAST("value" AS TEXT) COLLATE "default"
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'))
                ELSE CAST("value" AS TEXT) COLLATE "default"
              END
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END
            END
          ) AS TEXT) || ']'
        )
      END
    END AS was,
    CASE
      WHEN CAST("social_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("value" AS TEXT) COLLATE "default" IS NULL
      OR CAST("field" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE
                        WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                        THEN LOWER(
                          REPLACE(
                            REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                            'I',
                            'i'
                          )
                        )
                        ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE
                  WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                  THEN LOWER(
                    REPLACE(
                      REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                      'I',
                      'i'
                    )
                  )
                  ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                END
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END LIKE '%@%'
                THEN 'sha256:' || ENCODE(
                  SHA256(
                    CONVERT_TO(
                      CASE CAST("field" AS TEXT) COLLATE "default"
                        WHEN '11'
                        THEN 'Plan tier'
                        WHEN 'it''s'
                        THEN 'Plan tier'
                        ELSE CAST("field" AS TEXT) COLLATE "default"
                      END,
                      'UTF8'
                    )
                  ),
                  'hex'
                )
                ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it''s'
                  THEN 'Plan tier'
                  ELSE CAST("field" AS TEXT) COLLATE "default"
                END
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE
                            WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                            THEN LOWER(
                              REPLACE(
                                REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                                'I',
                                'i'
                              )
                            )
                            ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END LIKE '%@%'
                    THEN 'sha256:' || ENCODE(
                      SHA256(
                        CONVERT_TO(
                          CASE CAST("field" AS TEXT) COLLATE "default"
                            WHEN '11'
                            THEN 'Plan tier'
                            WHEN 'it''s'
                            THEN 'Plan tier'
                            ELSE CAST("field" AS TEXT) COLLATE "default"
                          END,
                          'UTF8'
                        )
                      ),
                      'hex'
                    )
                    ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')) LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i')),
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE LOWER(REPLACE(TRIM(CAST("social_type" AS TEXT) COLLATE "default"), 'I', 'i'))
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE
                      WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                      THEN LOWER(
                        REPLACE(
                          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                          'I',
                          'i'
                        )
                      )
                      ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE
                WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN LOWER(
                  REPLACE(
                    REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
                    'I',
                    'i'
                  )
                )
                ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
              END
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END LIKE '%@%'
              THEN 'sha256:' || ENCODE(
                SHA256(
                  CONVERT_TO(
                    CASE CAST("field" AS TEXT) COLLATE "default"
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it''s'
                      THEN 'Plan tier'
                      ELSE CAST("field" AS TEXT) COLLATE "default"
                    END,
                    'UTF8'
                  )
                ),
                'hex'
              )
              ELSE CASE CAST("field" AS TEXT) COLLATE "default"
                WHEN '11'
                THEN 'Plan tier'
                WHEN 'it''s'
                THEN 'Plan tier'
                ELSE CAST("field" AS TEXT) COLLATE "default"
              END
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key
  FROM crm.plans
) AS spelled
WHERE
  was <> key
  AND EXISTS(
    SELECT
      1
    FROM "common_room"."sync_ledger" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.was
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "common_room"."sync_ledger" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.key
  )
GROUP BY
  key;

-- distinct names
SELECT DISTINCT
  CAST("field" AS TEXT) COLLATE "default" AS name
FROM crm.plans
WHERE
  CAST("field" AS TEXT) COLLATE "default" IS NOT NULL
LIMIT 10000;

-- an address with its domain in ASCII
SELECT
  CASE
    WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
    AND OCTET_LENGTH(CAST("value" AS TEXT) COLLATE "default") > LENGTH(CAST("value" AS TEXT) COLLATE "default")
    THEN REGEXP_REPLACE(
      LOWER(
        REPLACE(
          REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
          'I',
          'i'
        )
      ),
      '[^@]*$',
      ''
    ) || CASE REGEXP_REPLACE(
        LOWER(
          REPLACE(
            REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
            'I',
            'i'
          )
        ),
        '^.*@',
        ''
      )
      WHEN 'bücher.example'
      THEN 'xn--bcher-kva.example'
      ELSE REGEXP_REPLACE(
        LOWER(
          REPLACE(
            REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
            'I',
            'i'
          )
        ),
        '^.*@',
        ''
      )
    END
    WHEN CAST("value" AS TEXT) COLLATE "default" LIKE '%@%'
    THEN LOWER(
      REPLACE(
        REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g'),
        'I',
        'i'
      )
    )
    ELSE REGEXP_REPLACE(CAST("value" AS TEXT) COLLATE "default", '^\s+|\s+$', '', 'g')
  END
FROM crm.labels;

-- distinct domains
SELECT DISTINCT
  CASE
    WHEN value LIKE '%@%' AND OCTET_LENGTH(value) > LENGTH(value)
    THEN REGEXP_REPLACE(LOWER(REPLACE(REGEXP_REPLACE(value, '^\s+|\s+$', '', 'g'), 'I', 'i')), '^.*@', '')
  END AS name
FROM crm.labels
WHERE
  CASE
    WHEN value LIKE '%@%' AND OCTET_LENGTH(value) > LENGTH(value)
    THEN REGEXP_REPLACE(LOWER(REPLACE(REGEXP_REPLACE(value, '^\s+|\s+$', '', 'g'), 'I', 'i')), '^.*@', '')
  END IS NOT NULL
LIMIT 10000;

-- count source rows
SELECT
  COUNT(*),
  COUNT(CASE WHEN key IS NULL THEN 1 END)
FROM cr_source_keys;

-- count duplicates
SELECT
  COUNT(*),
  CAST(COALESCE(SUM(here), 0) AS BIGINT)
FROM cr_duplicates;

-- had rows before
SELECT
  1
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts' AND absent_since IS NULL
LIMIT 1;

-- find candidates
SELECT
  COALESCE(s.key, l.key) AS key,
  s.row_hash,
  l.settled_hash IS NOT NULL AS live
FROM (
  SELECT
    key,
    row_hash
  FROM cr_source_keys
  WHERE
    key IS NOT NULL
) AS s
FULL JOIN (
  SELECT
    key,
    CASE
      WHEN absent_since IS NOT NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE COALESCE(row_hash, -1)
    END AS settled_hash
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'contacts'
) AS l
  ON s.key = l.key
WHERE
  (
    s.row_hash IS DISTINCT FROM l.settled_hash
  );

-- find candidates at worst
SELECT
  COALESCE(s.key, l.key) AS key,
  s.row_hash,
  l.settled_hash IS NOT NULL AS live
FROM (
  SELECT
    key,
    row_hash
  FROM cr_source_keys
  WHERE
    key IS NOT NULL
) AS s
FULL JOIN (
  SELECT
    key,
    CASE
      WHEN absent_since IS NOT NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE COALESCE(row_hash, -1)
    END AS settled_hash
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'contacts'
) AS l
  ON s.key = l.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM "common_room"."sync_intents"
  WHERE
    sync = 'contacts'
) AS i
  ON i.key = s.key
WHERE
  (
    s.row_hash IS DISTINCT FROM l.settled_hash
    OR i.key IS NOT NULL
    OR s.key IS NOT NULL
  )
  AND COALESCE(s.key, l.key) <> '@null';

-- count candidates
SELECT
  COUNT(CASE WHEN NOT live THEN 1 END),
  COUNT(CASE WHEN row_hash IS NULL THEN 1 END)
FROM cr_candidates;

-- count live
SELECT
  COUNT(*)
FROM "common_room"."sync_ledger"
WHERE
  sync = 'it''s'
  AND "partition" = '2026-01-01'
  AND absent_since IS NULL
  AND key <> '@null 2026-01-01';

-- any new duplicate
SELECT
  1
FROM cr_candidates
WHERE
  NOT live
GROUP BY
  key
HAVING
  COUNT(*) > 1
LIMIT 1;

-- no duplicates
SELECT
  CAST(NULL AS TEXT) AS key,
  CAST(0 AS BIGINT) AS copies,
  CAST(0 AS BIGINT) AS here
LIMIT 0;

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
  l.absent_since,
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
    field,
    fingerprint,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint,
    row_hash,
    row_hash_version,
    message,
    not_found_runs,
    absent_since
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'contacts'
    AND HASHTEXTEXTENDED(key COLLATE "C", 0) = ANY(
      CAST('{1,-2}' AS BIGINT[])
    )
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
    WHEN i.key IS NOT NULL
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
  l.absent_since,
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
    field,
    fingerprint,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS delivered_fingerprint,
    row_hash,
    row_hash_version,
    message,
    not_found_runs,
    absent_since
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'it''s'
) AS l
  ON l.key = s.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM "common_room"."sync_intents"
  WHERE
    sync = 'it''s'
) AS i
  ON i.key = s.key
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM cr_duplicates AS d
    WHERE
      d.key = s.key
  );

-- create refreshed
CREATE TEMPORARY TABLE cr_refreshed (
  key TEXT,
  row_hash BIGINT,
  why TEXT
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
      WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
      OR OCTET_LENGTH(CAST("id" AS TEXT) COLLATE "default") > 1000
      THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
      ELSE CAST("id" AS TEXT) COLLATE "default"
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM "crm"."contacts" AS source
  ) AS source_rows
) AS s
JOIN cr_compared AS c
  ON s.cr_key = c.key
WHERE
  c.why = 'rehashed'
  AND c.was_fingerprint IN (
    MD5(
      CASE
        WHEN "email" IS NULL
        THEN ''
        ELSE 'email=' || CAST(TO_JSON("email") AS TEXT) || ','
      END || CASE
        WHEN "full_name" IS NULL
        THEN ''
        ELSE 'full_name=' || CAST(TO_JSON("full_name") AS TEXT) || ','
      END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(TO_JSON("id") AS TEXT) || ',' END
    )
  );

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
  why IN ('changed', 'recheck')
  AND was_delivered IS NOT NULL
  AND was_status <> 'suppressed';

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
  key IN ('vip', 'it''s');

-- count delivered
SELECT
  COUNT(*)
FROM (
  SELECT
    key,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS in_room
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'contacts'
) AS l
WHERE
  in_room IS NOT NULL;

-- delivered and absent
SELECT
  l.key
FROM (
  SELECT
    key,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS in_room
  FROM "common_room"."sync_ledger"
  WHERE
    sync = 'contacts'
) AS l
WHERE
  in_room IS NOT NULL
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
  COUNT(*),
  COUNT(absent_since)
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

-- count offered
SELECT
  turn,
  COUNT(*),
  COUNT(CASE WHEN why = 'new' THEN 1 END),
  COUNT(CASE WHEN key LIKE 'sha256:%' THEN 1 END)
FROM cr_offered
GROUP BY
  turn
ORDER BY
  turn;

-- read offered
SELECT
  o.key,
  o.why,
  MD5(
    CASE
      WHEN "email" IS NULL
      THEN ''
      ELSE 'email=' || CAST(TO_JSON("email") AS TEXT) || ','
    END || CASE
      WHEN "full_name" IS NULL
      THEN ''
      ELSE 'full_name=' || CAST(TO_JSON("full_name") AS TEXT) || ','
    END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(TO_JSON("id") AS TEXT) || ',' END
  ) AS fingerprint,
  (
    COALESCE(HASHTEXTEXTENDED("email" COLLATE "C", 1), 1) # COALESCE(HASHTEXTEXTENDED("full_name" COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED("id" COLLATE "C", 3), 3)
  ) AS row_hash,
  o.was_status,
  o.was_fingerprint,
  o.was_delivered,
  o.was_message,
  o.was_not_found_runs,
  "id" AS "value_id",
  "full_name" AS "value_full_name",
  "email" AS "value_email",
  o.row_hash AS planned_hash,
  1 AS copy_number
FROM (
  SELECT
    CASE
      WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
      OR OCTET_LENGTH(CAST("id" AS TEXT) COLLATE "default") > 1000
      THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
      ELSE CAST("id" AS TEXT) COLLATE "default"
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM "crm"."contacts" AS source
  ) AS source_rows
) AS s
JOIN cr_offered AS o
  ON s.cr_key = o.key
WHERE
  o.turn = 0
ORDER BY
  s."email";

-- keys elsewhere
SELECT
  key
FROM (
  SELECT
    CASE
      WHEN CAST("activity_type" AS TEXT) COLLATE "default" IS NULL
      OR CAST("id" AS TEXT) COLLATE "default" IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || CAST(TO_JSON(
              CASE
                WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("activity_type" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ',' || CAST(TO_JSON(
              CASE
                WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                ELSE CAST("id" AS TEXT) COLLATE "default"
              END
            ) AS TEXT) || ']'
          )
        ) > 1000
        THEN 'sha256:' || ENCODE(
          SHA256(
            CONVERT_TO(
              (
                '[' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("activity_type" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ',' || CAST(TO_JSON(
                  CASE
                    WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
                    THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
                    ELSE CAST("id" AS TEXT) COLLATE "default"
                  END
                ) AS TEXT) || ']'
              ),
              'UTF8'
            )
          ),
          'hex'
        )
        ELSE (
          '[' || CAST(TO_JSON(
            CASE
              WHEN CAST("activity_type" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("activity_type" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("activity_type" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ',' || CAST(TO_JSON(
            CASE
              WHEN CAST("id" AS TEXT) COLLATE "default" LIKE '%@%'
              THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(CAST("id" AS TEXT) COLLATE "default", 'UTF8')), 'hex')
              ELSE CAST("id" AS TEXT) COLLATE "default"
            END
          ) AS TEXT) || ']'
        )
      END
    END AS key
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
      (
        "timestamp" < CAST('2026-01-01 00:00:00' AS TIMESTAMP)
        OR "timestamp" >= CAST('2026-01-02 00:00:00' AS TIMESTAMP)
      )
      AND NOT (
        "timestamp" IS NULL
        OR "timestamp" < CAST('0001-01-02 00:00:00' AS TIMESTAMP)
        OR "timestamp" > CAST('9999-12-30 00:00:00' AS TIMESTAMP)
      )
  ) AS source_rows
) AS keyed
WHERE
  key IN ('a', 'it''s');

-- count elsewhere
SELECT
  key,
  COUNT(*) AS copies
FROM cr_keys_elsewhere AS e
WHERE
  EXISTS(
    SELECT
      1
    FROM cr_moved AS m
    WHERE
      m.key = e.key
  )
GROUP BY
  key;

-- fingerprints
SELECT
  CASE
    WHEN NOT CAST("id" AS TEXT) IN ('NaN', 'Infinity', '-Infinity')
    THEN CASE
      WHEN "id" = FLOOR("id") AND ABS("id") < 8e34
      THEN CAST(CAST(CAST(FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) AS BIGINT) AS DECIMAL) * 9007199254740992 + CAST(CAST("id" AS DOUBLE PRECISION) - FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) * 9007199254740992 AS BIGINT) AS TEXT)
      ELSE CAST("id" AS TEXT)
    END
  END AS key,
  MD5(
    CASE
      WHEN "email" IS NULL
      THEN ''
      ELSE 'email=' || CAST(TO_JSON("email") AS TEXT) || ','
    END || CASE
      WHEN "full_name" IS NULL
      THEN ''
      ELSE 'full_name=' || CAST(TO_JSON("full_name") AS TEXT) || ','
    END || CASE
      WHEN "id" IS NULL
      THEN ''
      ELSE 'id=' || CAST(TO_JSON(
        COALESCE(
          CASE
            WHEN NOT CAST("id" AS TEXT) IN ('NaN', 'Infinity', '-Infinity')
            THEN CASE
              WHEN "id" = FLOOR("id") AND ABS("id") < 8e34
              THEN CAST(CAST(CAST(FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) AS BIGINT) AS DECIMAL) * 9007199254740992 + CAST(CAST("id" AS DOUBLE PRECISION) - FLOOR(CAST("id" AS DOUBLE PRECISION) / 9007199254740992) * 9007199254740992 AS BIGINT) AS TEXT)
              ELSE CAST("id" AS TEXT)
            END
          END,
          CAST("id" AS TEXT)
        )
      ) AS TEXT) || ','
    END
  ) AS fingerprint,
  MD5(
    CASE
      WHEN "email" IS NULL
      THEN ''
      ELSE 'email=' || CAST(TO_JSON("email") AS TEXT) || ','
    END || CASE
      WHEN "full_name" IS NULL
      THEN ''
      ELSE 'full_name=' || CAST(TO_JSON("full_name") AS TEXT) || ','
    END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(TO_JSON("id") AS TEXT) || ',' END
  ) AS former
FROM (
  SELECT
    *
  FROM "crm"."contacts" AS source
) AS source_rows;

-- find refreshed apart
INSERT INTO cr_refreshed
SELECT
  c.key,
  c.row_hash,
  CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END
FROM cr_fingerprints AS f
JOIN cr_compared AS c
  ON f.key = c.key
WHERE
  c.why = 'rehashed'
  AND (
    c.was_fingerprint = f.fingerprint OR c.was_fingerprint = f.former
  );

-- offered
SELECT
  key,
  why,
  was_status,
  was_fingerprint,
  was_delivered,
  was_message,
  was_not_found_runs,
  row_hash AS planned_hash,
  turn
FROM cr_offered;

-- read the source apart
SELECT
  s.cr_key,
  MD5(
    CASE
      WHEN "email" IS NULL
      THEN ''
      ELSE 'email=' || CAST(TO_JSON("email") AS TEXT) || ','
    END || CASE
      WHEN "full_name" IS NULL
      THEN ''
      ELSE 'full_name=' || CAST(TO_JSON("full_name") AS TEXT) || ','
    END || CASE WHEN "id" IS NULL THEN '' ELSE 'id=' || CAST(TO_JSON("id") AS TEXT) || ',' END
  ) AS fingerprint,
  (
    COALESCE(HASHTEXTEXTENDED("email" COLLATE "C", 1), 1) # COALESCE(HASHTEXTEXTENDED("full_name" COLLATE "C", 2), 2) # COALESCE(HASHTEXTEXTENDED("id" COLLATE "C", 3), 3)
  ) AS row_hash,
  "id" AS "value_id",
  "full_name" AS "value_full_name",
  "email" AS "value_email"
FROM (
  SELECT
    CAST("id" AS TEXT) COLLATE "default" AS cr_key,
    "id",
    "full_name",
    "email"
  FROM (
    SELECT
      *
    FROM "crm"."contacts" AS source
  ) AS source_rows
) AS s
WHERE
  s.cr_key IN ('a', 'b');

-- join offered
SELECT
  r.position,
  o.key,
  o.why,
  o.was_status,
  o.was_fingerprint,
  o.was_delivered,
  o.was_message,
  o.was_not_found_runs,
  o.planned_hash,
  ROW_NUMBER() OVER (PARTITION BY o.key ORDER BY r.position) AS copy_number
FROM cr_offered AS o
JOIN (
  SELECT
    position,
    key
  FROM cr_read_0
  UNION ALL
  SELECT
    position,
    key
  FROM cr_read_1
) AS r
  ON r.key = o.key
WHERE
  o.turn = 0;

-- ordered
SELECT
  *
FROM cr_unordered_0
ORDER BY
  "value_email";

-- refresh hashes
UPDATE "common_room"."sync_ledger" SET row_hash = r.row_hash, row_hash_version = 'engine 1, columns 01234567'
FROM cr_refreshed AS r
WHERE
  sync = 'contacts' AND "sync_ledger".key = r.key;

-- record absent
UPDATE "common_room"."sync_ledger" SET absent_since = CAST(CURRENT_TIMESTAMP AS TIMESTAMPTZ)
WHERE
  sync = 'contacts'
  AND key IN (
    SELECT
      key
    FROM cr_compared
    WHERE
      why = 'absent'
  );

-- record returned
UPDATE "common_room"."sync_ledger" SET absent_since = NULL
WHERE
  sync = 'contacts'
  AND absent_since IS NOT NULL
  AND key IN (
    SELECT
      key
    FROM cr_compared
    WHERE
      why <> 'absent'
  );

-- record intents
INSERT INTO "common_room"."sync_intents" (
  sync,
  "partition",
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
  FROM "common_room"."sync_intents"
  WHERE
    sync = 'contacts'
) AS i
  ON i.key = o.key
WHERE
  i.key IS NULL;

-- record null keys
INSERT INTO "common_room"."sync_outcomes" (
  "sync",
  "key",
  "partition",
  "status",
  "attempts",
  "reason_code",
  "field",
  "message",
  "recorded_at",
  "run_id",
  "run_order",
  "sequence"
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
    CAST(CURRENT_TIMESTAMP AS TIMESTAMPTZ),
    'run',
    7,
    0
  );

-- record duplicates
INSERT INTO "common_room"."sync_outcomes" (
  "sync",
  "key",
  "partition",
  "status",
  "attempts",
  "reason_code",
  "field",
  "message",
  "recorded_at",
  "run_id",
  "run_order",
  "sequence"
)
SELECT
  'contacts',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS TEXT) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP AS TIMESTAMPTZ),
  'run',
  7,
  -ROW_NUMBER() OVER (ORDER BY d.key)
FROM cr_duplicates AS d
LEFT JOIN "common_room"."sync_ledger" AS l
  ON l.sync = 'contacts' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS TEXT) || ' rows have this key, and none of them is sent; keep one in the view'
    OR l.absent_since IS NOT NULL
  );

-- record duplicates of an append
INSERT INTO "common_room"."sync_outcomes" (
  "sync",
  "key",
  "partition",
  "status",
  "attempts",
  "reason_code",
  "field",
  "message",
  "recorded_at",
  "run_id",
  "run_order",
  "sequence"
)
SELECT
  'notes',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS TEXT) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP AS TIMESTAMPTZ),
  'run',
  7,
  -ROW_NUMBER() OVER (ORDER BY d.key)
FROM cr_duplicates AS d
LEFT JOIN "common_room"."sync_ledger" AS l
  ON l.sync = 'notes' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS TEXT) || ' rows have this key, and none of them is sent; keep one in the view'
    OR l.absent_since IS NOT NULL
  )
  AND NOT COALESCE(l.status, '') IN ('delivered', 'unknown');

-- example duplicates
SELECT
  key,
  copies
FROM cr_duplicates
ORDER BY
  key
LIMIT 3;

-- insert
INSERT INTO "common_room"."sync_runs" (
  "run_id",
  "started_at",
  "process"
)
VALUES
  ('run', CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ), 1);

-- update
UPDATE "common_room"."sync_runs" SET "state" = 'failed', "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
WHERE
  run_id = 'run';

-- select
SELECT
  "id",
  "name"
FROM "common_room"."room_segments";

-- delete all
DELETE FROM "common_room"."room_segments"
WHERE
  1 = 1;

-- create state_version
CREATE TABLE IF NOT EXISTS "common_room"."state_version" (
  "version" INT,
  "migrated_at" TIMESTAMPTZ,
  "package" TEXT,
  "hash_key" TEXT
);

-- create sync_ledger
CREATE TABLE IF NOT EXISTS "common_room"."sync_ledger" (
  "sync" TEXT,
  "key" TEXT,
  "partition" TEXT,
  "fingerprint" TEXT,
  "delivered_fingerprint" TEXT,
  "row_hash" BIGINT,
  "row_hash_version" TEXT,
  "status" TEXT,
  "attempts" INT,
  "not_found_runs" INT,
  "http_status" INT,
  "reason_code" TEXT,
  "field" TEXT,
  "message" TEXT,
  "email_hash" TEXT,
  "suppressed_for" TEXT,
  "first_sent_at" TIMESTAMPTZ,
  "last_sent_at" TIMESTAMPTZ,
  "run_id" TEXT,
  "run_order" BIGINT,
  "absent_since" TIMESTAMPTZ
);

-- create sync_ledger
CREATE INDEX ON "common_room"."sync_ledger"("sync", "partition", "key");

-- create sync_ledger
CREATE UNIQUE INDEX ON "common_room"."sync_ledger"("sync", "key");

-- create sync_outcomes
CREATE TABLE IF NOT EXISTS "common_room"."sync_outcomes" (
  "sync" TEXT,
  "key" TEXT,
  "partition" TEXT,
  "fingerprint" TEXT,
  "row_hash" BIGINT,
  "row_hash_version" TEXT,
  "status" TEXT,
  "attempts" INT,
  "http_status" INT,
  "reason_code" TEXT,
  "field" TEXT,
  "message" TEXT,
  "email_hash" TEXT,
  "suppressed_for" TEXT,
  "sent_at" TIMESTAMPTZ,
  "recorded_at" TIMESTAMPTZ,
  "run_id" TEXT,
  "run_order" BIGINT,
  "sequence" BIGINT
);

-- create sync_outcomes
CREATE INDEX ON "common_room"."sync_outcomes"("sync", "run_id", "sequence");

-- create sync_intents
CREATE TABLE IF NOT EXISTS "common_room"."sync_intents" (
  "sync" TEXT,
  "partition" TEXT,
  "key" TEXT,
  "run_id" TEXT
);

-- create sync_intents
CREATE INDEX ON "common_room"."sync_intents"("sync", "partition");

-- create key_spellings
CREATE TABLE IF NOT EXISTS "common_room"."key_spellings" (
  "sync" TEXT,
  "column_name" TEXT,
  "spelled" TEXT,
  "thing" TEXT,
  "canonical" TEXT
);

-- create key_spellings
CREATE INDEX ON "common_room"."key_spellings"("sync");

-- create sync_column_hashes
CREATE TABLE IF NOT EXISTS "common_room"."sync_column_hashes" (
  "sync" TEXT,
  "key" TEXT,
  "fingerprint" TEXT,
  "hashes" TEXT
);

-- create sync_column_hashes
CREATE INDEX ON "common_room"."sync_column_hashes"("sync", "key");

-- create pii_removals
CREATE TABLE IF NOT EXISTS "common_room"."pii_removals" (
  "request_id" TEXT,
  "source_hash" TEXT,
  "email_hash" TEXT,
  "email" TEXT,
  "status" TEXT,
  "requested_at" TIMESTAMPTZ,
  "seen_at" TIMESTAMPTZ,
  "submitted_at" TIMESTAMPTZ,
  "due_at" TIMESTAMPTZ,
  "check_at" TIMESTAMPTZ,
  "checked_at" TIMESTAMPTZ,
  "verified_at" TIMESTAMPTZ,
  "offers" INT,
  "attempts" INT,
  "retry_at" TIMESTAMPTZ,
  "http_status" INT,
  "reason_code" TEXT,
  "message" TEXT,
  "lifted_at" TIMESTAMPTZ,
  "lifted_reason" TEXT,
  "confirmed_at" TIMESTAMPTZ,
  "run_id" TEXT
);

-- create known_addresses
CREATE TABLE IF NOT EXISTS "common_room"."known_addresses" (
  "sync" TEXT,
  "kind" TEXT,
  "key" TEXT,
  "source_id" BIGINT,
  "person" TEXT,
  "holder" TEXT,
  "email_hash" TEXT,
  "handle_hash" TEXT,
  "own" BOOLEAN,
  "noted_at" TIMESTAMPTZ,
  "suppressed" BOOLEAN
);

-- create known_addresses
CREATE INDEX ON "common_room"."known_addresses"("email_hash");

-- create known_addresses
CREATE INDEX ON "common_room"."known_addresses"("handle_hash");

-- create known_addresses
CREATE INDEX ON "common_room"."known_addresses"("key");

-- create sent_addresses
CREATE TABLE IF NOT EXISTS "common_room"."sent_addresses" (
  "sync" TEXT,
  "kind" TEXT,
  "key" TEXT,
  "source_id" BIGINT,
  "person" TEXT,
  "holder" TEXT,
  "email_hash" TEXT,
  "handle_hash" TEXT,
  "own" BOOLEAN,
  "noted_at" TIMESTAMPTZ,
  "suppressed" BOOLEAN,
  "run_id" TEXT
);

-- create sent_addresses
CREATE INDEX ON "common_room"."sent_addresses"("sync");

-- create address_limits
CREATE TABLE IF NOT EXISTS "common_room"."address_limits" (
  "sequence" INT,
  "max_people_per_address" INT,
  "set_at" TIMESTAMPTZ
);

-- create former_addresses
CREATE TABLE IF NOT EXISTS "common_room"."former_addresses" (
  "sync" TEXT,
  "key" TEXT,
  "email_hash" TEXT,
  "replaced_at" TIMESTAMPTZ
);

-- create former_addresses
CREATE INDEX ON "common_room"."former_addresses"("email_hash");

-- create sync_runs
CREATE TABLE IF NOT EXISTS "common_room"."sync_runs" (
  "run_id" TEXT,
  "sync" TEXT,
  "partition" TEXT,
  "state" TEXT,
  "stopped_by" TEXT,
  "host" TEXT,
  "process" INT,
  "process_started" TEXT,
  "run_order" BIGINT,
  "started_at" TIMESTAMPTZ,
  "heartbeat_at" TIMESTAMPTZ,
  "finished_at" TIMESTAMPTZ,
  "suppression_version" BIGINT,
  "resync" TEXT,
  "source_rows" BIGINT,
  "delivered" BIGINT,
  "unchanged" BIGINT,
  "invalid" BIGINT,
  "rejected" BIGINT,
  "failed" BIGINT,
  "suppressed" BIGINT,
  "unknown" BIGINT,
  "without_values" BIGINT,
  "not_sent" BIGINT,
  "changed_after_delivery" BIGINT,
  "changed_while_read" BIGINT,
  "deleted_remotely" BIGINT,
  "deletions" BIGINT,
  "absent_from_source" BIGINT,
  "offered" BIGINT,
  "offered_new" BIGINT,
  "requests" BIGINT,
  "rate_limited" BIGINT,
  "retries" BIGINT,
  "rate_limit" BIGINT,
  "interval_seconds" DOUBLE PRECISION,
  "rate_used" DOUBLE PRECISION,
  "seconds" DOUBLE PRECISION
);

-- create sync_runs
CREATE INDEX ON "common_room"."sync_runs"("sync");

-- create state_room
CREATE TABLE IF NOT EXISTS "common_room"."state_room" (
  "room_id" TEXT,
  "room_name" TEXT,
  "source_id" BIGINT,
  "credentials_hash" TEXT,
  "recorded_at" TIMESTAMPTZ
);

-- create room_activity_types
CREATE TABLE IF NOT EXISTS "common_room"."room_activity_types" (
  "id" TEXT,
  "name" TEXT,
  "display_name" TEXT,
  "read_at" TIMESTAMPTZ
);

-- create room_custom_fields
CREATE TABLE IF NOT EXISTS "common_room"."room_custom_fields" (
  "id" BIGINT,
  "name" TEXT,
  "type" TEXT,
  "multivalue" BOOLEAN,
  "accepted_values" TEXT,
  "writable" BOOLEAN,
  "read_at" TIMESTAMPTZ
);

-- create room_segments
CREATE TABLE IF NOT EXISTS "common_room"."room_segments" (
  "id" BIGINT,
  "name" TEXT,
  "read_at" TIMESTAMPTZ
);

-- create room_segment_statuses
CREATE TABLE IF NOT EXISTS "common_room"."room_segment_statuses" (
  "segment_id" BIGINT,
  "id" BIGINT,
  "name" TEXT,
  "read_at" TIMESTAMPTZ
);

-- create room_tags
CREATE TABLE IF NOT EXISTS "common_room"."room_tags" (
  "id" TEXT,
  "name" TEXT,
  "description" TEXT,
  "entity_types" TEXT,
  "created_at" TIMESTAMPTZ,
  "read_at" TIMESTAMPTZ
);

-- create data_frames
CREATE TABLE IF NOT EXISTS "common_room"."data_frames" (
  "asset" TEXT,
  "partition" TEXT,
  "number" INT,
  "content" TEXT,
  "written_at" TIMESTAMPTZ
);

-- create rejected rows
CREATE OR REPLACE VIEW "common_room"."rejected_rows" AS
SELECT
  sync,
  key,
  "partition",
  status,
  field,
  reason_code,
  message,
  http_status,
  attempts,
  last_sent_at,
  run_id
FROM "common_room"."sync_ledger"
WHERE
  status IN ('invalid', 'rejected') AND absent_since IS NULL;

-- add column
ALTER TABLE "common_room"."sync_runs"
ADD COLUMN "suppressed" BIGINT;

-- rename column
ALTER TABLE "common_room"."sync_runs"
RENAME COLUMN "gone" TO "absent_from_source";

-- newest version
SELECT
  MAX(version)
FROM "common_room"."state_version";

-- kept hash key
SELECT
  MAX(hash_key)
FROM "common_room"."state_version";

-- name holders
UPDATE "common_room"."known_addresses" SET holder = 'person ' || person
WHERE
  holder IS NULL AND person IS NOT NULL;

-- count outcomes
SELECT
  run_id,
  "partition",
  COUNT(*),
  MIN(sequence),
  MAX(sequence)
FROM "common_room"."sync_outcomes"
WHERE
  sync = 'it''s'
GROUP BY
  run_id,
  "partition",
  CASE WHEN sequence IS NULL THEN 0 ELSE 1 END
ORDER BY
  MIN(COALESCE(run_order, 0)),
  MIN(recorded_at);

-- insert former addresses
INSERT INTO "common_room"."former_addresses" (
  sync,
  key,
  email_hash,
  replaced_at
)
WITH latest AS (
  SELECT
    *
  FROM (
    SELECT
      *,
      ROW_NUMBER() OVER (
        PARTITION BY key
        ORDER BY COALESCE(run_order, 0) DESC, COALESCE(sequence, 0) DESC, recorded_at DESC
      ) AS newness
    FROM "common_room"."sync_outcomes"
    WHERE
      sync = 'contacts'
      AND (
        run_id = 'run'
        AND "partition" = ''
        AND sequence <= 100000
        OR run_id = 'earlier'
        AND "partition" = '2026-01-01'
        AND sequence IS NULL
      )
  ) AS numbered
  WHERE
    newness = 1
)
SELECT
  o.sync,
  o.key,
  l.email_hash,
  o.recorded_at
FROM latest AS o
JOIN "common_room"."sync_ledger" AS l
  ON l.sync = 'contacts' AND o.key = l.key
WHERE
  l.email_hash <> o.email_hash
  AND (
    l.run_order IS NULL
    OR l.run_order <= COALESCE(o.run_order, l.run_order)
    OR o.status = 'delivered'
  );

-- merge outcomes
MERGE INTO "common_room"."sync_ledger" AS target
USING (
  WITH latest AS (
    SELECT
      *
    FROM (
      SELECT
        *,
        ROW_NUMBER() OVER (
          PARTITION BY key
          ORDER BY COALESCE(run_order, 0) DESC, COALESCE(sequence, 0) DESC, recorded_at DESC
        ) AS newness
      FROM "common_room"."sync_outcomes"
      WHERE
        sync = 'contacts'
        AND (
          run_id = 'run'
          AND "partition" = ''
          AND sequence <= 100000
          OR run_id = 'earlier'
          AND "partition" = '2026-01-01'
          AND sequence IS NULL
        )
    ) AS numbered
    WHERE
      newness = 1
  ), doubts AS (
    SELECT
      key,
      MIN(run_id) AS first_run,
      MAX(run_id) AS last_run
    FROM "common_room"."sync_intents"
    WHERE
      sync = 'contacts'
    GROUP BY
      key
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE
      WHEN o.status = 'delivered'
      THEN o.fingerprint
      WHEN o.status IN ('failed', 'unknown')
      OR d.first_run <> o.run_id
      OR d.last_run <> o.run_id
      THEN NULL
      ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END
    END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE
      WHEN o.status = 'failed' AND o.reason_code = 'not_found'
      THEN COALESCE(l.not_found_runs, 0) + 1
      WHEN o.status IN ('failed', 'unknown')
      THEN COALESCE(l.not_found_runs, 0)
      ELSE 0
    END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    COALESCE(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    COALESCE(l.first_sent_at, o.sent_at) AS "first_sent_at",
    COALESCE(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CASE
      WHEN l.run_order > COALESCE(o.run_order, 0)
      THEN l.run_order
      ELSE o.run_order
    END AS "run_order",
    CAST(NULL AS TIMESTAMPTZ) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l
    ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d
    ON d.key = o.key
  WHERE
    (
      l.run_order IS NULL
      OR l.run_order <= COALESCE(o.run_order, l.run_order)
      OR o.status = 'delivered'
    )
) AS source
ON target."sync" = source."sync" AND target."key" = source."key"
WHEN MATCHED THEN UPDATE SET
  "partition" = source."partition",
  "fingerprint" = source."fingerprint",
  "delivered_fingerprint" = source."delivered_fingerprint",
  "row_hash" = source."row_hash",
  "row_hash_version" = source."row_hash_version",
  "status" = source."status",
  "attempts" = source."attempts",
  "not_found_runs" = source."not_found_runs",
  "http_status" = source."http_status",
  "reason_code" = source."reason_code",
  "field" = source."field",
  "message" = source."message",
  "email_hash" = source."email_hash",
  "suppressed_for" = source."suppressed_for",
  "first_sent_at" = source."first_sent_at",
  "last_sent_at" = source."last_sent_at",
  "run_id" = source."run_id",
  "run_order" = source."run_order",
  "absent_since" = source."absent_since"
WHEN NOT MATCHED THEN INSERT (
  "sync",
  "key",
  "partition",
  "fingerprint",
  "delivered_fingerprint",
  "row_hash",
  "row_hash_version",
  "status",
  "attempts",
  "not_found_runs",
  "http_status",
  "reason_code",
  "field",
  "message",
  "email_hash",
  "suppressed_for",
  "first_sent_at",
  "last_sent_at",
  "run_id",
  "run_order",
  "absent_since"
) VALUES (
  source."sync",
  source."key",
  source."partition",
  source."fingerprint",
  source."delivered_fingerprint",
  source."row_hash",
  source."row_hash_version",
  source."status",
  source."attempts",
  source."not_found_runs",
  source."http_status",
  source."reason_code",
  source."field",
  source."message",
  source."email_hash",
  source."suppressed_for",
  source."first_sent_at",
  source."last_sent_at",
  source."run_id",
  source."run_order",
  source."absent_since"
);

-- merge outcomes of one run
MERGE INTO "common_room"."sync_ledger" AS target
USING (
  WITH latest AS (
    SELECT
      *
    FROM (
      SELECT
        *,
        ROW_NUMBER() OVER (
          PARTITION BY key
          ORDER BY COALESCE(run_order, 0) DESC, COALESCE(sequence, 0) DESC, recorded_at DESC
        ) AS newness
      FROM "common_room"."sync_outcomes"
      WHERE
        sync = 'contacts'
        AND (
          run_id = 'run' AND "partition" = '' AND sequence <= 100000
        )
    ) AS numbered
    WHERE
      newness = 1
  ), doubts AS (
    SELECT
      key,
      MIN(run_id) AS first_run,
      MAX(run_id) AS last_run
    FROM "common_room"."sync_intents"
    WHERE
      sync = 'contacts' AND run_id <> 'run'
    GROUP BY
      key
  )
  SELECT
    o.sync AS "sync",
    o.key AS "key",
    o."partition" AS "partition",
    o.fingerprint AS "fingerprint",
    CASE
      WHEN o.status = 'delivered'
      THEN o.fingerprint
      WHEN o.status IN ('failed', 'unknown')
      OR d.first_run <> o.run_id
      OR d.last_run <> o.run_id
      THEN NULL
      ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END
    END AS "delivered_fingerprint",
    o.row_hash AS "row_hash",
    o.row_hash_version AS "row_hash_version",
    o.status AS "status",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "attempts",
    CASE
      WHEN o.status = 'failed' AND o.reason_code = 'not_found'
      THEN COALESCE(l.not_found_runs, 0) + 1
      WHEN o.status IN ('failed', 'unknown')
      THEN COALESCE(l.not_found_runs, 0)
      ELSE 0
    END AS "not_found_runs",
    o.http_status AS "http_status",
    o.reason_code AS "reason_code",
    o.field AS "field",
    o.message AS "message",
    COALESCE(o.email_hash, l.email_hash) AS "email_hash",
    o.suppressed_for AS "suppressed_for",
    COALESCE(l.first_sent_at, o.sent_at) AS "first_sent_at",
    COALESCE(o.sent_at, l.last_sent_at) AS "last_sent_at",
    o.run_id AS "run_id",
    CASE
      WHEN l.run_order > COALESCE(o.run_order, 0)
      THEN l.run_order
      ELSE o.run_order
    END AS "run_order",
    CAST(NULL AS TIMESTAMPTZ) AS "absent_since"
  FROM latest AS o
  LEFT JOIN "common_room"."sync_ledger" AS l
    ON l.sync = 'contacts' AND o.key = l.key
  LEFT JOIN doubts AS d
    ON d.key = o.key
  WHERE
    (
      l.run_order IS NULL
      OR l.run_order <= COALESCE(o.run_order, l.run_order)
      OR o.status = 'delivered'
    )
) AS source
ON target."sync" = source."sync" AND target."key" = source."key"
WHEN MATCHED THEN UPDATE SET
  "partition" = source."partition",
  "fingerprint" = source."fingerprint",
  "delivered_fingerprint" = source."delivered_fingerprint",
  "row_hash" = source."row_hash",
  "row_hash_version" = source."row_hash_version",
  "status" = source."status",
  "attempts" = source."attempts",
  "not_found_runs" = source."not_found_runs",
  "http_status" = source."http_status",
  "reason_code" = source."reason_code",
  "field" = source."field",
  "message" = source."message",
  "email_hash" = source."email_hash",
  "suppressed_for" = source."suppressed_for",
  "first_sent_at" = source."first_sent_at",
  "last_sent_at" = source."last_sent_at",
  "run_id" = source."run_id",
  "run_order" = source."run_order",
  "absent_since" = source."absent_since"
WHEN NOT MATCHED THEN INSERT (
  "sync",
  "key",
  "partition",
  "fingerprint",
  "delivered_fingerprint",
  "row_hash",
  "row_hash_version",
  "status",
  "attempts",
  "not_found_runs",
  "http_status",
  "reason_code",
  "field",
  "message",
  "email_hash",
  "suppressed_for",
  "first_sent_at",
  "last_sent_at",
  "run_id",
  "run_order",
  "absent_since"
) VALUES (
  source."sync",
  source."key",
  source."partition",
  source."fingerprint",
  source."delivered_fingerprint",
  source."row_hash",
  source."row_hash_version",
  source."status",
  source."attempts",
  source."not_found_runs",
  source."http_status",
  source."reason_code",
  source."field",
  source."message",
  source."email_hash",
  source."suppressed_for",
  source."first_sent_at",
  source."last_sent_at",
  source."run_id",
  source."run_order",
  source."absent_since"
);

-- delete folded intents
DELETE FROM "common_room"."sync_intents"
WHERE
  sync = 'contacts'
  AND key IN (
    SELECT
      key
    FROM "common_room"."sync_outcomes"
    WHERE
      sync = 'contacts'
      AND (
        run_id = 'run'
        AND "partition" = ''
        AND sequence <= 100000
        OR run_id = 'earlier'
        AND "partition" = '2026-01-01'
        AND sequence IS NULL
      )
  );

-- delete folded outcomes
DELETE FROM "common_room"."sync_outcomes"
WHERE
  sync = 'contacts'
  AND (
    run_id = 'run'
    AND "partition" = ''
    AND sequence <= 100000
    OR run_id = 'earlier'
    AND "partition" = '2026-01-01'
    AND sequence IS NULL
  );

-- hash long keys
UPDATE "common_room"."sync_outcomes" SET key = CASE
  WHEN OCTET_LENGTH(key) > 1000
  THEN 'sha256:' || ENCODE(SHA256(CONVERT_TO(key, 'UTF8')), 'hex')
  ELSE key
END
WHERE
  OCTET_LENGTH(key) > 1000;

-- one row of each key
CREATE TEMPORARY TABLE cr_repaired AS
SELECT
  "sync",
  "key",
  "status",
  "last_sent_at"
FROM (
  SELECT
    l."sync",
    l."key",
    l."status",
    l."last_sent_at",
    ROW_NUMBER() OVER (
      PARTITION BY l.sync, l.key
      ORDER BY CASE l.status WHEN 'unknown' THEN 0 WHEN 'delivered' THEN 1 ELSE 2 END, CASE WHEN l.last_sent_at IS NULL THEN 1 ELSE 0 END, l.last_sent_at DESC
    ) AS newness
  FROM "common_room"."sync_ledger" AS l
  JOIN (
    SELECT
      sync,
      key
    FROM "common_room"."sync_ledger"
    GROUP BY
      sync,
      key
    HAVING
      COUNT(*) > 1
  ) AS r
    ON r.sync = l.sync AND r.key = l.key
) AS numbered
WHERE
  newness = 1;

-- one row of each key
DELETE FROM "common_room"."sync_ledger"
WHERE
  EXISTS(
    SELECT
      1
    FROM cr_repaired AS r
    WHERE
      r.sync = "sync_ledger".sync AND r.key = "sync_ledger".key
  );

-- one row of each key
INSERT INTO "common_room"."sync_ledger" (
  "sync",
  "key",
  "status",
  "last_sent_at"
)
SELECT
  "sync",
  "key",
  "status",
  "last_sent_at"
FROM cr_repaired;

-- one row of each key
DROP TABLE cr_repaired;

-- respelled people
INSERT INTO "common_room"."known_addresses" (
  "sync",
  "key",
  "person"
)
SELECT
  people."sync",
  people."key",
  people.spelled
FROM (
  SELECT
    numbers.*,
    CASE
      WHEN NOT CAST("number" AS TEXT) IN ('NaN', 'Infinity', '-Infinity')
      THEN CASE
        WHEN "number" = FLOOR("number") AND ABS("number") < 8e34
        THEN CAST(CAST(CAST(FLOOR(CAST("number" AS DOUBLE PRECISION) / 9007199254740992) AS BIGINT) AS DECIMAL) * 9007199254740992 + CAST(CAST("number" AS DOUBLE PRECISION) - FLOOR(CAST("number" AS DOUBLE PRECISION) / 9007199254740992) * 9007199254740992 AS BIGINT) AS TEXT)
        ELSE CAST("number" AS TEXT)
      END
    END AS spelled
  FROM (
    SELECT
      known.*,
      CASE
        WHEN REGEXP_REPLACE(person, '^-?[0-9]+([.][0-9]+)?(e[+]?[0-9]+)?$', '') = ''
        THEN CAST(person AS DOUBLE PRECISION)
      END AS number
    FROM "common_room"."known_addresses" AS known
    WHERE
      person LIKE '%.%' OR person LIKE '%e+%'
  ) AS numbers
) AS people
WHERE
  people.spelled <> people.person;

-- delete keys
DELETE FROM "common_room"."sync_ledger"
WHERE
  sync = 'tags' AND key IN ('vip', 'it''s');

-- delete sync
DELETE FROM "common_room"."sync_ledger"
WHERE
  sync = 'it''s';

-- rows by sync
SELECT
  sync,
  COUNT(CASE WHEN absent_since IS NULL THEN 1 END)
FROM "common_room"."sync_ledger"
GROUP BY
  sync
ORDER BY
  sync;

-- count unverified removals
SELECT
  COUNT(*)
FROM "common_room"."pii_removals"
WHERE
  status IN ('submitted', 'overdue');

-- rows by status
SELECT
  status,
  COUNT(*)
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts' AND "partition" = '' AND absent_since IS NULL
GROUP BY
  status;

-- delivered sample
SELECT
  key
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts'
  AND status = 'delivered'
  AND absent_since IS NULL
  AND (
    last_sent_at IS NULL
    OR last_sent_at < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
  )
ORDER BY
  MD5(key || 'seed')
LIMIT 20;

-- create dropped values
CREATE OR REPLACE VIEW "common_room"."dropped_values" AS
SELECT
  sync,
  key,
  "partition",
  field,
  reason_code,
  message,
  last_sent_at,
  run_id
FROM "common_room"."sync_ledger"
WHERE
  status = 'delivered' AND field IS NOT NULL AND absent_since IS NULL;

-- dropped rows
SELECT
  COUNT(*)
FROM "common_room"."dropped_values"
WHERE
  sync = 'contacts' AND "partition" = '';

-- delete column hashes
DELETE FROM "common_room"."sync_column_hashes"
WHERE
  sync = 'contacts' AND key IN ('a', 'b');

-- rejected rows
SELECT
  key,
  status,
  field,
  reason_code,
  message
FROM "common_room"."rejected_rows"
WHERE
  sync = 'contacts' AND "partition" = '2026-01-01'
ORDER BY
  key
LIMIT 20;

-- last run order
SELECT
  MAX(run_order)
FROM "common_room"."sync_runs"
WHERE
  sync = 'contacts';

-- running runs
SELECT
  run_id,
  "partition",
  host,
  process,
  process_started,
  started_at,
  heartbeat_at
FROM "common_room"."sync_runs"
WHERE
  sync = 'contacts'
  AND state = 'running'
  AND NOT (
    run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
  );

-- running runs of a day
SELECT
  run_id,
  "partition",
  host,
  process,
  process_started,
  started_at,
  heartbeat_at
FROM "common_room"."sync_runs"
WHERE
  sync = 'activities'
  AND "partition" IN ('2026-01-01', '')
  AND state = 'running'
  AND NOT (
    run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
  );

-- delete run
DELETE FROM "common_room"."sync_runs"
WHERE
  sync = 'contacts'
  AND "partition" = ''
  AND state = 'running'
  AND run_id = 'run'
  AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ);

-- mark interrupted
UPDATE "common_room"."sync_runs" SET state = 'interrupted'
WHERE
  sync = 'contacts'
  AND "partition" = ''
  AND state = 'running'
  AND run_id = 'run'
  AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ);

-- finish run
UPDATE "common_room"."sync_runs" SET state = CASE WHEN state = 'running' THEN 'succeeded' ELSE state END, "finished_at" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ), "delivered" = 7
WHERE
  run_id = 'run'
  AND (
    state = 'running' OR (
      state = 'interrupted' AND finished_at IS NULL
    )
  );

-- delete intents
DELETE FROM "common_room"."sync_intents"
WHERE
  sync = 'contacts'
  AND "partition" = ''
  AND run_id = 'run'
  AND NOT key IN ('in doubt');

-- all running runs
SELECT
  run_id,
  sync,
  host,
  process,
  process_started,
  heartbeat_at
FROM "common_room"."sync_runs"
WHERE
  state = 'running';

-- signs of life
SELECT
  state,
  host,
  process,
  process_started,
  heartbeat_at
FROM "common_room"."sync_runs"
WHERE
  run_id = 'run' AND sync = 'contacts';

-- unconfirmed runs
SELECT
  run_id,
  sync,
  "partition",
  host,
  process,
  process_started,
  heartbeat_at,
  suppression_version
FROM "common_room"."sync_runs"
WHERE
  finished_at IS NULL
  AND sync <> 'pii_removals'
  AND COALESCE(suppression_version, -1) < 3;

-- aborted runs
SELECT
  1
FROM "common_room"."sync_runs"
WHERE
  state IN ('interrupted', 'failed')
  AND finished_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- last run ids
WITH numbered AS (
  SELECT
    sync,
    run_id,
    ROW_NUMBER() OVER (PARTITION BY sync ORDER BY started_at DESC) AS newness
  FROM "common_room"."sync_runs"
)
SELECT
  sync,
  run_id
FROM numbered
WHERE
  newness = 1;

-- compactable partitions
SELECT
  sync,
  "partition",
  COUNT(*)
FROM "common_room"."sync_ledger"
WHERE
  status = 'delivered'
  AND fingerprint IS NOT NULL
  AND (
    delivered_fingerprint IS NOT NULL
    OR row_hash IS NOT NULL
    OR row_hash_version IS NOT NULL
    OR not_found_runs IS NOT NULL
    OR http_status IS NOT NULL
    OR first_sent_at IS NOT NULL
    OR run_id IS NOT NULL
  )
  AND sync = 'contacts'
GROUP BY
  sync,
  "partition"
HAVING
  MAX(last_sent_at) IS NULL
  OR MAX(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
ORDER BY
  sync,
  "partition";

-- compact partition
UPDATE "common_room"."sync_ledger" SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE
  sync = 'contacts'
  AND "partition" = '2026-01-01'
  AND status = 'delivered'
  AND fingerprint IS NOT NULL
  AND (
    delivered_fingerprint IS NOT NULL
    OR row_hash IS NOT NULL
    OR row_hash_version IS NOT NULL
    OR not_found_runs IS NOT NULL
    OR http_status IS NOT NULL
    OR first_sent_at IS NOT NULL
    OR run_id IS NOT NULL
  );

-- recent runs
SELECT
  1
FROM "common_room"."sync_runs"
WHERE
  sync = 'contacts'
  AND "partition" = ''
  AND heartbeat_at >= CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- known
SELECT
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  COALESCE(own, TRUE) AS own
FROM "common_room"."known_addresses"
WHERE
  NOT COALESCE(suppressed, FALSE)
UNION ALL
SELECT
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  own
FROM "common_room"."sent_addresses"
WHERE
  NOT COALESCE(suppressed, FALSE);

-- suppressed addresses
SELECT
  email_hash,
  MAX(
    CASE
      WHEN confirmed_at IS NOT NULL OR NOT status IN ('pending', 'failed', 'shared')
      THEN 1
      ELSE 0
    END
  ) AS confirmed
FROM "common_room"."pii_removals"
WHERE
  lifted_at IS NULL AND email_hash IS NOT NULL
GROUP BY
  email_hash;

-- version of the list
SELECT
  COUNT(CASE WHEN status IS NULL OR status <> 'invalid' THEN 1 END) + COUNT(lifted_at) + COUNT(confirmed_at) + (
    SELECT
      COUNT(*)
    FROM "common_room"."address_limits"
  )
FROM "common_room"."pii_removals";

-- address limit
SELECT
  sequence,
  max_people_per_address
FROM "common_room"."address_limits"
ORDER BY
  sequence DESC
LIMIT 1;

-- shared
SELECT
  email_hash
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    TRUE
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    TRUE
) AS k
WHERE
  email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  )
  AND holder IS NOT NULL
GROUP BY
  email_hash
HAVING
  COUNT(DISTINCT holder) > 5;

-- any suppressed, unfinished
SELECT
  1
FROM "common_room"."sent_addresses"
WHERE
  suppressed
LIMIT 1;

-- links
WITH mine AS (
  SELECT DISTINCT
    handle_hash AS origin,
    sync,
    kind,
    key,
    source_id,
    person
  FROM (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    handle_hash IN (
      '0000000000000000000000000000000000000000000000000000000000000000',
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
    )
    AND own
)
SELECT DISTINCT
  origin,
  email_hash,
  handle_hash
FROM (
  SELECT
    a.origin,
    b.email_hash,
    b.handle_hash
  FROM mine AS a
  JOIN (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS b
    ON b.key = a.key
  WHERE
    b.own
    AND (
      b.email_hash IS NOT NULL OR b.handle_hash IS NOT NULL
    )
    AND (
      b.sync = a.sync
      OR (
        b.kind = a.kind AND COALESCE(b.source_id, -1) = COALESCE(a.source_id, -1)
      )
    )
  UNION ALL
  SELECT
    a.origin,
    b.email_hash,
    b.handle_hash
  FROM mine AS a
  JOIN (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS b
    ON b.person = a.person AND b.source_id = a.source_id
  WHERE
    b.own AND (
      b.email_hash IS NOT NULL OR b.handle_hash IS NOT NULL
    )
) AS linked;

-- rows under
SELECT DISTINCT
  sync,
  kind,
  key,
  source_id,
  person,
  email_hash,
  own
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  );

-- ledger keys under
SELECT
  key,
  email_hash
FROM "common_room"."sync_ledger"
WHERE
  sync = 'contacts'
  AND email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  )
UNION ALL
SELECT
  key,
  email_hash
FROM "common_room"."sync_outcomes"
WHERE
  sync = 'contacts'
  AND email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  )
UNION ALL
SELECT
  key,
  email_hash
FROM "common_room"."former_addresses"
WHERE
  sync = 'contacts'
  AND email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  );

-- keys of people
SELECT DISTINCT
  sync,
  key,
  person
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  person IN ('p1', 'it''s') AND (
    sync = 'contacts' OR kind = 'contact'
  );

-- keys sent by
SELECT DISTINCT
  key
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  sync = 'contacts' AND key IN ('c1');

-- people sent to
SELECT DISTINCT
  person
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  source_id = 7 AND person IN ('p1') AND own AND email_hash IS NOT NULL;

-- kinds
SELECT DISTINCT
  sync,
  kind,
  source_id
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    TRUE
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    TRUE
) AS k;

-- ledger syncs
SELECT DISTINCT
  sync
FROM "common_room"."sync_ledger";

-- suppress rows
UPDATE "common_room"."sync_ledger" SET delivered_fingerprint = CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END, status = 'suppressed', reason_code = 'suppressed', field = NULL, message = 'the person asked', suppressed_for = '0000000000000000000000000000000000000000000000000000000000000000'
WHERE
  sync = 'contacts' AND key IN ('c1') AND status <> 'suppressed';

-- resend rows
UPDATE "common_room"."sync_ledger" SET row_hash = NULL, fingerprint = CASE
  WHEN (
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END
  ) IS NOT NULL
  THEN ''
  ELSE NULL
END, delivered_fingerprint = CASE
  WHEN (
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END
  ) IS NOT NULL
  THEN ''
  ELSE NULL
END, status = CASE
  WHEN status = 'suppressed' AND delivered_fingerprint IS NOT NULL
  THEN 'delivered'
  ELSE status
END, suppressed_for = NULL
WHERE
  sync = 'contacts' AND key IN ('c1');

-- suppressed rows
SELECT
  suppressed_for,
  COUNT(*)
FROM (
  SELECT DISTINCT
    sync,
    key,
    suppressed_for
  FROM (
    SELECT
      sync,
      key,
      suppressed_for
    FROM "common_room"."sync_ledger"
    WHERE
      status = 'suppressed' AND absent_since IS NULL
    UNION ALL
    SELECT
      sync,
      key,
      suppressed_for
    FROM "common_room"."sync_outcomes"
    WHERE
      status = 'suppressed'
  ) AS noted
) AS suppressed_rows
WHERE
  suppressed_for IS NOT NULL
GROUP BY
  suppressed_for;

-- tying
SELECT
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  COALESCE(own, TRUE) AS own
FROM "common_room"."known_addresses"
WHERE
  NOT COALESCE(suppressed, FALSE) OR COALESCE(own, TRUE)
UNION ALL
SELECT
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  own
FROM "common_room"."sent_addresses"
WHERE
  NOT COALESCE(suppressed, FALSE)
UNION ALL
SELECT
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  own
FROM "common_room"."sent_addresses" AS s
WHERE
  suppressed
  AND own
  AND NOT EXISTS(
    SELECT
      1
    FROM (
      SELECT
        sync,
        kind,
        key,
        source_id,
        person,
        holder,
        email_hash,
        handle_hash,
        COALESCE(own, TRUE) AS own
      FROM "common_room"."known_addresses"
      WHERE
        NOT COALESCE(suppressed, FALSE)
      UNION ALL
      SELECT
        sync,
        kind,
        key,
        source_id,
        person,
        holder,
        email_hash,
        handle_hash,
        own
      FROM "common_room"."sent_addresses"
      WHERE
        NOT COALESCE(suppressed, FALSE)
    ) AS k
    WHERE
      k.email_hash = s.email_hash
      AND k.own
      AND (
        (
          k.source_id = s.source_id AND k.person <> s.person
        )
        OR (
          k.person IS NULL AND s.person IS NULL AND k.kind = s.kind AND k.key <> s.key
        )
      )
  );

-- forget suppressed
DELETE FROM "common_room"."known_addresses"
WHERE
  suppressed
  AND email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  );

-- forget unsent
DELETE FROM "common_room"."sent_addresses"
WHERE
  sync = 'contacts'
  AND run_id = 'run'
  AND NOT COALESCE(suppressed, FALSE)
  AND key IN ('c1');

-- ended runs
SELECT DISTINCT
  run_id
FROM "common_room"."sent_addresses"
WHERE
  sync = 'contacts'
  AND NOT run_id IN (
    SELECT
      run_id
    FROM "common_room"."sync_runs"
    WHERE
      sync = 'contacts' AND finished_at IS NULL
  );

-- fold known addresses
DELETE FROM "common_room"."sent_addresses" AS s
WHERE
  sync = 'contacts'
  AND run_id IN ('run')
  AND suppressed
  AND own
  AND EXISTS(
    SELECT
      1
    FROM (
      SELECT
        sync,
        kind,
        key,
        source_id,
        person,
        holder,
        email_hash,
        handle_hash,
        COALESCE(own, TRUE) AS own
      FROM "common_room"."known_addresses"
      WHERE
        NOT COALESCE(suppressed, FALSE)
      UNION ALL
      SELECT
        sync,
        kind,
        key,
        source_id,
        person,
        holder,
        email_hash,
        handle_hash,
        own
      FROM "common_room"."sent_addresses"
      WHERE
        NOT COALESCE(suppressed, FALSE)
    ) AS k
    WHERE
      k.email_hash = s.email_hash
      AND k.own
      AND (
        (
          k.source_id = s.source_id AND k.person <> s.person
        )
        OR (
          k.person IS NULL AND s.person IS NULL AND k.kind = s.kind AND k.key <> s.key
        )
      )
  );

-- fold known addresses
INSERT INTO "common_room"."known_addresses" (
  sync,
  kind,
  key,
  source_id,
  person,
  holder,
  email_hash,
  handle_hash,
  own,
  suppressed,
  noted_at
)
SELECT
  s.sync,
  s.kind,
  s.key,
  s.source_id,
  s.person,
  s.holder,
  s.email_hash,
  s.handle_hash,
  s.own,
  s.suppressed,
  CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
FROM (
  SELECT DISTINCT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own,
    suppressed
  FROM "common_room"."sent_addresses"
  WHERE
    sync = 'contacts' AND run_id IN ('run')
) AS s
LEFT JOIN (
  SELECT
    *
  FROM "common_room"."known_addresses"
  WHERE
    sync = 'contacts'
) AS k
  ON k.key = s.key
  AND COALESCE(k.kind, '') = COALESCE(s.kind, '')
  AND COALESCE(k.person, '') = COALESCE(s.person, '')
  AND COALESCE(k.email_hash, '') = COALESCE(s.email_hash, '')
  AND COALESCE(k.handle_hash, '') = COALESCE(s.handle_hash, '')
  AND COALESCE(k.own, TRUE) = s.own
  AND COALESCE(k.suppressed, FALSE) = COALESCE(s.suppressed, FALSE)
WHERE
  k.key IS NULL;

-- fold known addresses
DELETE FROM "common_room"."sent_addresses"
WHERE
  sync = 'contacts' AND run_id IN ('run');

-- sent since
SELECT
  1
FROM "common_room"."sync_ledger"
WHERE
  email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
  AND last_sent_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- sent since
SELECT
  1
FROM "common_room"."sync_outcomes"
WHERE
  email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
  AND sent_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- sent since
SELECT
  1
FROM (
  SELECT DISTINCT
    sync,
    key
  FROM (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "common_room"."sync_ledger" AS l
  ON l.sync = k.sync AND l.key = k.key
WHERE
  l.email_hash IS NULL
  AND l.last_sent_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- sent since
SELECT
  1
FROM (
  SELECT DISTINCT
    sync,
    key
  FROM (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "common_room"."sync_outcomes" AS o
  ON o.sync = k.sync AND o.key = k.key
WHERE
  o.email_hash IS NULL
  AND o.sent_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- sent since
SELECT
  1
FROM (
  SELECT DISTINCT
    sync,
    key
  FROM (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "common_room"."sync_intents" AS i
  ON i.sync = k.sync AND i.key = k.key
JOIN (
  SELECT
    run_id,
    sync,
    finished_at
  FROM "common_room"."sync_runs"
  WHERE
    state IN ('interrupted', 'failed')
) AS r
  ON r.run_id = i.run_id AND r.sync = i.sync
WHERE
  finished_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- replaced
SELECT
  1
FROM (
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    COALESCE(own, TRUE) AS own
  FROM "common_room"."known_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
  UNION ALL
  SELECT
    sync,
    kind,
    key,
    source_id,
    person,
    holder,
    email_hash,
    handle_hash,
    own
  FROM "common_room"."sent_addresses"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
JOIN "common_room"."sync_ledger" AS l
  ON l.sync = k.sync AND l.key = k.key
WHERE
  k.own
  AND k.email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
  AND l.email_hash <> k.email_hash
LIMIT 1;

-- keys under each
SELECT
  email_hash,
  COUNT(*)
FROM (
  SELECT DISTINCT
    COALESCE(kind, sync) AS kind,
    key,
    email_hash
  FROM (
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      COALESCE(own, TRUE) AS own
    FROM "common_room"."known_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
    UNION ALL
    SELECT
      sync,
      kind,
      key,
      source_id,
      person,
      holder,
      email_hash,
      handle_hash,
      own
    FROM "common_room"."sent_addresses"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash IN (
      SELECT
        email_hash
      FROM "common_room"."pii_removals"
      WHERE
        lifted_at IS NULL
    )
) AS sent
GROUP BY
  email_hash;
