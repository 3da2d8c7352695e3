-- hash keys
CREATE TEMPORARY TABLE cr_source_keys AS
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST("ID" AS VARCHAR) LIKE '%@%' OR OCTET_LENGTH(CAST("ID" AS VARCHAR)) > 1000
      THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
      ELSE CAST("ID" AS VARCHAR)
    END AS key,
    HASH("EMAIL", "FULL_NAME", "ID") AS row_hash
  FROM (
    SELECT
      *
    FROM "CRM"."CONTACTS" AS source
  ) AS source_rows
) AS hashed;

-- hash some keys of a day
SELECT
  key,
  row_hash
FROM (
  SELECT
    CASE
      WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) IS NULL OR CAST("ID" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                ELSE CAST("ID" AS VARCHAR)
              END
            )
          ) || ']'
        )
      END
    END AS key,
    HASH("ACTIVITY_TYPE", "ID", "TIMESTAMP") AS row_hash
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
      "TIMESTAMP" >= CAST('2026-01-01 00:00:00' AS TIMESTAMPNTZ)
      AND "TIMESTAMP" < CAST('2026-01-02 00:00:00' AS TIMESTAMPNTZ)
      OR (
        "TIMESTAMP" IS NULL
        OR "TIMESTAMP" < CAST('0001-01-02 00:00:00' AS TIMESTAMPNTZ)
        OR "TIMESTAMP" > CAST('9999-12-30 00:00:00' AS TIMESTAMPNTZ)
      )
  ) AS source_rows
) AS hashed
WHERE
  key IN ('a', 'b"\\');

-- find moved
SELECT
  l.key
FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
WHERE
  l.sync = 'it\'s'
  AND (
    l."PARTITION" <> '2026-01-01' OR l.reason_code = 'duplicate_key'
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
      WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) IS NULL OR CAST("ID" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                ELSE CAST("ID" AS VARCHAR)
              END
            )
          ) || ']'
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
        "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMPNTZ)
        OR "TIMESTAMP" >= CAST('2026-01-02 00:00:00' AS TIMESTAMPNTZ)
      )
      AND NOT (
        "TIMESTAMP" IS NULL
        OR "TIMESTAMP" < CAST('0001-01-02 00:00:00' AS TIMESTAMPNTZ)
        OR "TIMESTAMP" > CAST('9999-12-30 00:00:00' AS TIMESTAMPNTZ)
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
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'contacts' AND "PARTITION" > '' AND absent_since IS NULL
LIMIT 1;

-- record moved
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET "PARTITION" = '2026-01-01'
WHERE
  sync = 'it\'s'
  AND "PARTITION" <> '2026-01-01'
  AND EXISTS(
    SELECT
      1
    FROM cr_source_keys AS s
    WHERE
      s.key = "SYNC_LEDGER".key
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM cr_duplicates AS d
    WHERE
      d.key = "SYNC_LEDGER".key
  );

-- duplicate keys
SELECT
  key,
  COUNT(*) AS copies,
  COUNT(*) AS here
FROM cr_source_keys
WHERE
  NOT key IS NULL
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
    NOT key IS NULL
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
FROM "COMMON_ROOM"."SYNC_LEDGER"
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
      WHEN CAST("ID" AS VARCHAR) LIKE '%@%' OR OCTET_LENGTH(CAST("ID" AS VARCHAR)) > 1000
      THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
      ELSE CAST("ID" AS VARCHAR)
    END AS was,
    CASE
      WHEN NOT TO_CHAR("ID") IN ('NaN', 'inf', '-inf')
      THEN CASE
        WHEN "ID" = FLOOR("ID") AND ABS("ID") < 8e34
        THEN CAST(CAST("ID" AS DECIMAL(38, 0)) AS VARCHAR)
        ELSE CAST("ID" AS VARCHAR)
      END
    END AS key
  FROM (
    SELECT
      *
    FROM "CRM"."CONTACTS" AS source
  ) AS source_rows
) AS spelled
WHERE
  was <> key
  AND EXISTS(
    SELECT
      1
    FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.was
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.key
  )
GROUP BY
  key;

-- respell
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET key = r.key
FROM cr_respelled AS r
WHERE
  "SYNC_LEDGER".sync = 'contacts' AND "SYNC_LEDGER".key = r.was;

-- any key
SELECT
  1
FROM "COMMON_ROOM"."SYNC_LEDGER"
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
      WHEN CAST("SOCIAL_TYPE" AS VARCHAR) IS NULL
      OR CAST("VALUE" AS VARCHAR) IS NULL
      OR CAST("FIELD" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END,
                  256
                )
                ELSE CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END,
                  256
                )
                ELSE CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              END
            )
          ) || ']'
        )
      END
    END AS key,
    HASH("FIELD", "SOCIAL_TYPE", "VALUE") AS row_hash
  FROM crm.plans
) AS hashed;

-- renamed keys
SELECT
  MIN(was) AS was,
  key
FROM (
  SELECT
    CASE
      WHEN CAST("SOCIAL_TYPE" AS VARCHAR) IS NULL
      OR CAST("VALUE" AS VARCHAR) IS NULL
      OR CAST("FIELD" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256)
                  ELSE CAST("SOCIAL_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256)
                  ELSE CAST("VALUE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("FIELD" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("FIELD" AS VARCHAR), 256)
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256)
                  ELSE CAST("SOCIAL_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256)
                  ELSE CAST("VALUE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("FIELD" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("FIELD" AS VARCHAR), 256)
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("SOCIAL_TYPE" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("SOCIAL_TYPE" AS VARCHAR), 256)
                ELSE CAST("SOCIAL_TYPE" AS VARCHAR)
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("VALUE" AS VARCHAR), 256)
                ELSE CAST("VALUE" AS VARCHAR)
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("FIELD" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("FIELD" AS VARCHAR), 256)
                ELSE CAST("FIELD" AS VARCHAR)
              END
            )
          ) || ']'
        )
      END
    END AS was,
    CASE
      WHEN CAST("SOCIAL_TYPE" AS VARCHAR) IS NULL
      OR CAST("VALUE" AS VARCHAR) IS NULL
      OR CAST("FIELD" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END,
                  256
                )
                ELSE CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END,
                  256
                )
                ELSE CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              END
            )
          ) || ']'
        )
      END
    END AS key
  FROM crm.plans
  UNION ALL
  SELECT
    CASE
      WHEN CAST("SOCIAL_TYPE" AS VARCHAR) IS NULL
      OR CAST("VALUE" AS VARCHAR) IS NULL
      OR CAST("FIELD" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE CAST("VALUE" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE CAST("VALUE" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE CAST("VALUE" AS VARCHAR)
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE CAST("VALUE" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE CAST("VALUE" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE CAST("VALUE" AS VARCHAR)
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE CAST("VALUE" AS VARCHAR)
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE CAST("VALUE" AS VARCHAR)
                  END,
                  256
                )
                ELSE CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE CAST("VALUE" AS VARCHAR)
                END
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END,
                  256
                )
                ELSE CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              END
            )
          ) || ']'
        )
      END
    END AS was,
    CASE
      WHEN CAST("SOCIAL_TYPE" AS VARCHAR) IS NULL
      OR CAST("VALUE" AS VARCHAR) IS NULL
      OR CAST("FIELD" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                  THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                  ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE
                      WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                      THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                      ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                    END,
                    256
                  )
                  ELSE CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END LIKE '%@%'
                  THEN 'sha256:' || SHA2(
                    CASE CAST("FIELD" AS VARCHAR)
                      WHEN '11'
                      THEN 'Plan tier'
                      WHEN 'it\'s'
                      THEN 'Plan tier'
                      ELSE CAST("FIELD" AS VARCHAR)
                    END,
                    256
                  )
                  ELSE CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))) LIKE '%@%'
                THEN 'sha256:' || SHA2(LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR))), 256)
                ELSE LOWER(TRIM(CAST("SOCIAL_TYPE" AS VARCHAR)))
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE
                    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                  END,
                  256
                )
                ELSE CASE
                  WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
                  THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
                  ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
                END
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END LIKE '%@%'
                THEN 'sha256:' || SHA2(
                  CASE CAST("FIELD" AS VARCHAR)
                    WHEN '11'
                    THEN 'Plan tier'
                    WHEN 'it\'s'
                    THEN 'Plan tier'
                    ELSE CAST("FIELD" AS VARCHAR)
                  END,
                  256
                )
                ELSE CASE CAST("FIELD" AS VARCHAR)
                  WHEN '11'
                  THEN 'Plan tier'
                  WHEN 'it\'s'
                  THEN 'Plan tier'
                  ELSE CAST("FIELD" AS VARCHAR)
                END
              END
            )
          ) || ']'
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
    FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.was
  )
  AND NOT EXISTS(
    SELECT
      1
    FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
    WHERE
      l.sync = 'contacts' AND l.key = spelled.key
  )
GROUP BY
  key;

-- distinct names
SELECT DISTINCT
  CAST("FIELD" AS VARCHAR) AS name
FROM crm.plans
WHERE
  NOT CAST("FIELD" AS VARCHAR) IS NULL
LIMIT 10000;

-- an address with its domain in ASCII
SELECT
  CASE
    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
    AND OCTET_LENGTH(CAST("VALUE" AS VARCHAR)) > LENGTH(CAST("VALUE" AS VARCHAR))
    THEN REGEXP_REPLACE(LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')), '[^@]*$', '') || CASE REGEXP_REPLACE(LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')), '^.*@', '')
      WHEN 'bücher.example'
      THEN 'xn--bcher-kva.example'
      ELSE REGEXP_REPLACE(LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')), '^.*@', '')
    END
    WHEN CAST("VALUE" AS VARCHAR) LIKE '%@%'
    THEN LOWER(REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', ''))
    ELSE REGEXP_REPLACE(CAST("VALUE" AS VARCHAR), '^\\s+|\\s+$', '')
  END
FROM crm.labels;

-- distinct domains
SELECT DISTINCT
  CASE
    WHEN value LIKE '%@%' AND OCTET_LENGTH(value) > LENGTH(value)
    THEN REGEXP_REPLACE(LOWER(REGEXP_REPLACE(value, '^\\s+|\\s+$', '')), '^.*@', '')
  END AS name
FROM crm.labels
WHERE
  NOT CASE
    WHEN value LIKE '%@%' AND OCTET_LENGTH(value) > LENGTH(value)
    THEN REGEXP_REPLACE(LOWER(REGEXP_REPLACE(value, '^\\s+|\\s+$', '')), '^.*@', '')
  END IS NULL
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
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'contacts' AND absent_since IS NULL
LIMIT 1;

-- find candidates
SELECT
  COALESCE(s.key, l.key) AS key,
  s.row_hash,
  NOT l.settled_hash IS NULL AS live
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
      WHEN NOT absent_since IS NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE COALESCE(row_hash, -1)
    END AS settled_hash
  FROM "COMMON_ROOM"."SYNC_LEDGER"
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
  NOT l.settled_hash IS NULL AS live
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
      WHEN NOT absent_since IS NULL
      THEN NULL
      WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown')
      THEN -1
      WHEN row_hash_version IS DISTINCT FROM 'engine 1, columns 01234567'
      THEN -1
      ELSE COALESCE(row_hash, -1)
    END AS settled_hash
  FROM "COMMON_ROOM"."SYNC_LEDGER"
  WHERE
    sync = 'contacts'
) AS l
  ON s.key = l.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM "COMMON_ROOM"."SYNC_INTENTS"
  WHERE
    sync = 'contacts'
) AS i
  ON i.key = s.key
WHERE
  (
    s.row_hash IS DISTINCT FROM l.settled_hash
    OR NOT i.key IS NULL
    OR NOT s.key IS NULL
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
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'it\'s'
  AND "PARTITION" = '2026-01-01'
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
  CAST(NULL AS VARCHAR) AS key,
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
  FROM "COMMON_ROOM"."SYNC_LEDGER"
  WHERE
    sync = 'contacts'
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
  FROM "COMMON_ROOM"."SYNC_LEDGER"
  WHERE
    sync = 'it\'s'
) AS l
  ON l.key = s.key
LEFT JOIN (
  SELECT DISTINCT
    key
  FROM "COMMON_ROOM"."SYNC_INTENTS"
  WHERE
    sync = 'it\'s'
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
  key VARCHAR,
  row_hash BIGINT,
  why VARCHAR
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
      WHEN CAST("ID" AS VARCHAR) LIKE '%@%' OR OCTET_LENGTH(CAST("ID" AS VARCHAR)) > 1000
      THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
      ELSE CAST("ID" AS VARCHAR)
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM "CRM"."CONTACTS" AS source
  ) AS source_rows
) AS s
JOIN cr_compared AS c
  ON s.cr_key = c.key
WHERE
  c.why = 'rehashed'
  AND c.was_fingerprint IN (
    MD5(
      CASE
        WHEN "EMAIL" IS NULL
        THEN ''
        ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ','
      END || CASE
        WHEN "FULL_NAME" IS NULL
        THEN ''
        ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ','
      END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END
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
  AND NOT was_delivered IS NULL
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
  key IN ('vip', 'it\'s');

-- count delivered
SELECT
  COUNT(*)
FROM (
  SELECT
    key,
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END AS in_room
  FROM "COMMON_ROOM"."SYNC_LEDGER"
  WHERE
    sync = 'contacts'
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
  FROM "COMMON_ROOM"."SYNC_LEDGER"
  WHERE
    sync = 'contacts'
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
      WHEN "EMAIL" IS NULL
      THEN ''
      ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ','
    END || CASE
      WHEN "FULL_NAME" IS NULL
      THEN ''
      ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ','
    END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END
  ) AS fingerprint,
  HASH("EMAIL", "FULL_NAME", "ID") AS row_hash,
  o.was_status,
  o.was_fingerprint,
  o.was_delivered,
  o.was_message,
  o.was_not_found_runs,
  "ID" AS "VALUE_ID",
  "FULL_NAME" AS "VALUE_FULL_NAME",
  "EMAIL" AS "VALUE_EMAIL",
  o.row_hash AS planned_hash,
  1 AS copy_number
FROM (
  SELECT
    CASE
      WHEN CAST("ID" AS VARCHAR) LIKE '%@%' OR OCTET_LENGTH(CAST("ID" AS VARCHAR)) > 1000
      THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
      ELSE CAST("ID" AS VARCHAR)
    END AS cr_key,
    id,
    full_name,
    email
  FROM (
    SELECT
      *
    FROM "CRM"."CONTACTS" AS source
  ) AS source_rows
) AS s
JOIN cr_offered AS o
  ON s.cr_key = o.key
WHERE
  o.turn = 0
ORDER BY
  s."EMAIL";

-- keys elsewhere
SELECT
  key
FROM (
  SELECT
    CASE
      WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) IS NULL OR CAST("ID" AS VARCHAR) IS NULL
      THEN NULL
      ELSE CASE
        WHEN OCTET_LENGTH(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          )
        ) > 1000
        THEN 'sha256:' || SHA2(
          (
            '[' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                  ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
                END
              )
            ) || ',' || TO_JSON(
              TO_VARIANT(
                CASE
                  WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                  THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                  ELSE CAST("ID" AS VARCHAR)
                END
              )
            ) || ']'
          ),
          256
        )
        ELSE (
          '[' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ACTIVITY_TYPE" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ACTIVITY_TYPE" AS VARCHAR), 256)
                ELSE CAST("ACTIVITY_TYPE" AS VARCHAR)
              END
            )
          ) || ',' || TO_JSON(
            TO_VARIANT(
              CASE
                WHEN CAST("ID" AS VARCHAR) LIKE '%@%'
                THEN 'sha256:' || SHA2(CAST("ID" AS VARCHAR), 256)
                ELSE CAST("ID" AS VARCHAR)
              END
            )
          ) || ']'
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
        "TIMESTAMP" < CAST('2026-01-01 00:00:00' AS TIMESTAMPNTZ)
        OR "TIMESTAMP" >= CAST('2026-01-02 00:00:00' AS TIMESTAMPNTZ)
      )
      AND NOT (
        "TIMESTAMP" IS NULL
        OR "TIMESTAMP" < CAST('0001-01-02 00:00:00' AS TIMESTAMPNTZ)
        OR "TIMESTAMP" > CAST('9999-12-30 00:00:00' AS TIMESTAMPNTZ)
      )
  ) AS source_rows
) AS keyed
WHERE
  key IN ('a', 'it\'s');

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
    WHEN NOT TO_CHAR("ID") IN ('NaN', 'inf', '-inf')
    THEN CASE
      WHEN "ID" = FLOOR("ID") AND ABS("ID") < 8e34
      THEN CAST(CAST("ID" AS DECIMAL(38, 0)) AS VARCHAR)
      ELSE CAST("ID" AS VARCHAR)
    END
  END AS key,
  MD5(
    CASE
      WHEN "EMAIL" IS NULL
      THEN ''
      ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ','
    END || CASE
      WHEN "FULL_NAME" IS NULL
      THEN ''
      ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ','
    END || CASE
      WHEN "ID" IS NULL
      THEN ''
      ELSE 'id=' || TO_JSON(
        TO_VARIANT(
          COALESCE(
            CASE
              WHEN NOT TO_CHAR("ID") IN ('NaN', 'inf', '-inf')
              THEN CASE
                WHEN "ID" = FLOOR("ID") AND ABS("ID") < 8e34
                THEN CAST(CAST("ID" AS DECIMAL(38, 0)) AS VARCHAR)
                ELSE CAST("ID" AS VARCHAR)
              END
            END,
            CAST("ID" AS VARCHAR)
          )
        )
      ) || ','
    END
  ) AS fingerprint,
  MD5(
    CASE
      WHEN "EMAIL" IS NULL
      THEN ''
      ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ','
    END || CASE
      WHEN "FULL_NAME" IS NULL
      THEN ''
      ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ','
    END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END
  ) AS former
FROM (
  SELECT
    *
  FROM "CRM"."CONTACTS" AS source
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
      WHEN "EMAIL" IS NULL
      THEN ''
      ELSE 'email=' || TO_JSON(TO_VARIANT("EMAIL")) || ','
    END || CASE
      WHEN "FULL_NAME" IS NULL
      THEN ''
      ELSE 'full_name=' || TO_JSON(TO_VARIANT("FULL_NAME")) || ','
    END || CASE WHEN "ID" IS NULL THEN '' ELSE 'id=' || TO_JSON(TO_VARIANT("ID")) || ',' END
  ) AS fingerprint,
  HASH("EMAIL", "FULL_NAME", "ID") AS row_hash,
  "ID" AS "VALUE_ID",
  "FULL_NAME" AS "VALUE_FULL_NAME",
  "EMAIL" AS "VALUE_EMAIL"
FROM (
  SELECT
    CAST("ID" AS VARCHAR) AS cr_key,
    "ID",
    "FULL_NAME",
    "EMAIL"
  FROM (
    SELECT
      *
    FROM "CRM"."CONTACTS" AS source
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
  "VALUE_EMAIL";

-- refresh hashes
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = r.row_hash, row_hash_version = 'engine 1, columns 01234567'
FROM cr_refreshed AS r
WHERE
  sync = 'contacts' AND "SYNC_LEDGER".key = r.key;

-- record absent
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = CAST(CURRENT_TIMESTAMP() AS TIMESTAMPTZ)
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
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET absent_since = NULL
WHERE
  sync = 'contacts'
  AND NOT absent_since IS NULL
  AND key IN (
    SELECT
      key
    FROM cr_compared
    WHERE
      why <> 'absent'
  );

-- record intents
INSERT INTO "COMMON_ROOM"."SYNC_INTENTS" (
  sync,
  "PARTITION",
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
  FROM "COMMON_ROOM"."SYNC_INTENTS"
  WHERE
    sync = 'contacts'
) AS i
  ON i.key = o.key
WHERE
  i.key IS NULL;

-- record null keys
INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" (
  "SYNC",
  "KEY",
  "PARTITION",
  "STATUS",
  "ATTEMPTS",
  "REASON_CODE",
  "FIELD",
  "MESSAGE",
  "RECORDED_AT",
  "RUN_ID",
  "RUN_ORDER",
  "SEQUENCE"
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
    CAST(CURRENT_TIMESTAMP() AS TIMESTAMPTZ),
    'run',
    7,
    0
  );

-- record duplicates
INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" (
  "SYNC",
  "KEY",
  "PARTITION",
  "STATUS",
  "ATTEMPTS",
  "REASON_CODE",
  "FIELD",
  "MESSAGE",
  "RECORDED_AT",
  "RUN_ID",
  "RUN_ORDER",
  "SEQUENCE"
)
SELECT
  'contacts',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP() AS TIMESTAMPTZ),
  'run',
  7,
  -ROW_NUMBER() OVER (ORDER BY d.key)
FROM cr_duplicates AS d
LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
  ON l.sync = 'contacts' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view'
    OR NOT l.absent_since IS NULL
  );

-- record duplicates of an append
INSERT INTO "COMMON_ROOM"."SYNC_OUTCOMES" (
  "SYNC",
  "KEY",
  "PARTITION",
  "STATUS",
  "ATTEMPTS",
  "REASON_CODE",
  "FIELD",
  "MESSAGE",
  "RECORDED_AT",
  "RUN_ID",
  "RUN_ORDER",
  "SEQUENCE"
)
SELECT
  'notes',
  d.key,
  '',
  'invalid',
  0,
  'duplicate_key',
  'id',
  CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view',
  CAST(CURRENT_TIMESTAMP() AS TIMESTAMPTZ),
  'run',
  7,
  -ROW_NUMBER() OVER (ORDER BY d.key)
FROM cr_duplicates AS d
LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
  ON l.sync = 'notes' AND l.key = d.key
WHERE
  (
    l.message IS DISTINCT FROM CAST(d.copies AS VARCHAR) || ' rows have this key, and none of them is sent; keep one in the view'
    OR NOT l.absent_since IS NULL
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
INSERT INTO "COMMON_ROOM"."SYNC_RUNS" (
  "RUN_ID",
  "STARTED_AT",
  "PROCESS"
)
VALUES
  ('run', CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ), 1);

-- update
UPDATE "COMMON_ROOM"."SYNC_RUNS" SET "STATE" = 'failed', "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
WHERE
  run_id = 'run';

-- select
SELECT
  "ID",
  "NAME"
FROM "COMMON_ROOM"."ROOM_SEGMENTS";

-- delete all
DELETE FROM "COMMON_ROOM"."ROOM_SEGMENTS"
WHERE
  1 = 1;

-- create state_version
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."STATE_VERSION" (
  "VERSION" INT,
  "MIGRATED_AT" TIMESTAMPTZ,
  "PACKAGE" VARCHAR,
  "HASH_KEY" VARCHAR
);

-- create sync_ledger
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_LEDGER" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "PARTITION" VARCHAR,
  "FINGERPRINT" VARCHAR,
  "DELIVERED_FINGERPRINT" VARCHAR,
  "ROW_HASH" BIGINT,
  "ROW_HASH_VERSION" VARCHAR,
  "STATUS" VARCHAR,
  "ATTEMPTS" INT,
  "NOT_FOUND_RUNS" INT,
  "HTTP_STATUS" INT,
  "REASON_CODE" VARCHAR,
  "FIELD" VARCHAR,
  "MESSAGE" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "SUPPRESSED_FOR" VARCHAR,
  "FIRST_SENT_AT" TIMESTAMPTZ,
  "LAST_SENT_AT" TIMESTAMPTZ,
  "RUN_ID" VARCHAR,
  "RUN_ORDER" BIGINT,
  "ABSENT_SINCE" TIMESTAMPTZ
);

-- create sync_outcomes
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_OUTCOMES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "PARTITION" VARCHAR,
  "FINGERPRINT" VARCHAR,
  "ROW_HASH" BIGINT,
  "ROW_HASH_VERSION" VARCHAR,
  "STATUS" VARCHAR,
  "ATTEMPTS" INT,
  "HTTP_STATUS" INT,
  "REASON_CODE" VARCHAR,
  "FIELD" VARCHAR,
  "MESSAGE" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "SUPPRESSED_FOR" VARCHAR,
  "SENT_AT" TIMESTAMPTZ,
  "RECORDED_AT" TIMESTAMPTZ,
  "RUN_ID" VARCHAR,
  "RUN_ORDER" BIGINT,
  "SEQUENCE" BIGINT
);

-- create sync_intents
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_INTENTS" (
  "SYNC" VARCHAR,
  "PARTITION" VARCHAR,
  "KEY" VARCHAR,
  "RUN_ID" VARCHAR
);

-- create key_spellings
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."KEY_SPELLINGS" (
  "SYNC" VARCHAR,
  "COLUMN_NAME" VARCHAR,
  "SPELLED" VARCHAR,
  "THING" VARCHAR,
  "CANONICAL" VARCHAR
);

-- create sync_column_hashes
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_COLUMN_HASHES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "FINGERPRINT" VARCHAR,
  "HASHES" VARCHAR
);

-- create pii_removals
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."PII_REMOVALS" (
  "REQUEST_ID" VARCHAR,
  "SOURCE_HASH" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "EMAIL" VARCHAR,
  "STATUS" VARCHAR,
  "REQUESTED_AT" TIMESTAMPTZ,
  "SEEN_AT" TIMESTAMPTZ,
  "SUBMITTED_AT" TIMESTAMPTZ,
  "DUE_AT" TIMESTAMPTZ,
  "CHECK_AT" TIMESTAMPTZ,
  "CHECKED_AT" TIMESTAMPTZ,
  "VERIFIED_AT" TIMESTAMPTZ,
  "OFFERS" INT,
  "ATTEMPTS" INT,
  "RETRY_AT" TIMESTAMPTZ,
  "HTTP_STATUS" INT,
  "REASON_CODE" VARCHAR,
  "MESSAGE" VARCHAR,
  "LIFTED_AT" TIMESTAMPTZ,
  "LIFTED_REASON" VARCHAR,
  "CONFIRMED_AT" TIMESTAMPTZ,
  "RUN_ID" VARCHAR
);

-- create known_addresses
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."KNOWN_ADDRESSES" (
  "SYNC" VARCHAR,
  "KIND" VARCHAR,
  "KEY" VARCHAR,
  "SOURCE_ID" BIGINT,
  "PERSON" VARCHAR,
  "HOLDER" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "HANDLE_HASH" VARCHAR,
  "OWN" BOOLEAN,
  "NOTED_AT" TIMESTAMPTZ,
  "SUPPRESSED" BOOLEAN
);

-- create sent_addresses
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SENT_ADDRESSES" (
  "SYNC" VARCHAR,
  "KIND" VARCHAR,
  "KEY" VARCHAR,
  "SOURCE_ID" BIGINT,
  "PERSON" VARCHAR,
  "HOLDER" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "HANDLE_HASH" VARCHAR,
  "OWN" BOOLEAN,
  "NOTED_AT" TIMESTAMPTZ,
  "SUPPRESSED" BOOLEAN,
  "RUN_ID" VARCHAR
);

-- create address_limits
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ADDRESS_LIMITS" (
  "SEQUENCE" INT,
  "MAX_PEOPLE_PER_ADDRESS" INT,
  "SET_AT" TIMESTAMPTZ
);

-- create former_addresses
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."FORMER_ADDRESSES" (
  "SYNC" VARCHAR,
  "KEY" VARCHAR,
  "EMAIL_HASH" VARCHAR,
  "REPLACED_AT" TIMESTAMPTZ
);

-- create sync_runs
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."SYNC_RUNS" (
  "RUN_ID" VARCHAR,
  "SYNC" VARCHAR,
  "PARTITION" VARCHAR,
  "STATE" VARCHAR,
  "STOPPED_BY" VARCHAR,
  "HOST" VARCHAR,
  "PROCESS" INT,
  "PROCESS_STARTED" VARCHAR,
  "RUN_ORDER" BIGINT,
  "STARTED_AT" TIMESTAMPTZ,
  "HEARTBEAT_AT" TIMESTAMPTZ,
  "FINISHED_AT" TIMESTAMPTZ,
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
  "WITHOUT_VALUES" BIGINT,
  "NOT_SENT" BIGINT,
  "CHANGED_AFTER_DELIVERY" BIGINT,
  "CHANGED_WHILE_READ" BIGINT,
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

-- create state_room
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."STATE_ROOM" (
  "ROOM_ID" VARCHAR,
  "ROOM_NAME" VARCHAR,
  "SOURCE_ID" BIGINT,
  "CREDENTIALS_HASH" VARCHAR,
  "RECORDED_AT" TIMESTAMPTZ
);

-- create room_activity_types
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_ACTIVITY_TYPES" (
  "ID" VARCHAR,
  "NAME" VARCHAR,
  "DISPLAY_NAME" VARCHAR,
  "READ_AT" TIMESTAMPTZ
);

-- create room_custom_fields
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_CUSTOM_FIELDS" (
  "ID" BIGINT,
  "NAME" VARCHAR,
  "TYPE" VARCHAR,
  "MULTIVALUE" BOOLEAN,
  "ACCEPTED_VALUES" VARCHAR,
  "WRITABLE" BOOLEAN,
  "READ_AT" TIMESTAMPTZ
);

-- create room_segments
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENTS" (
  "ID" BIGINT,
  "NAME" VARCHAR,
  "READ_AT" TIMESTAMPTZ
);

-- create room_segment_statuses
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_SEGMENT_STATUSES" (
  "SEGMENT_ID" BIGINT,
  "ID" BIGINT,
  "NAME" VARCHAR,
  "READ_AT" TIMESTAMPTZ
);

-- create room_tags
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."ROOM_TAGS" (
  "ID" VARCHAR,
  "NAME" VARCHAR,
  "DESCRIPTION" VARCHAR,
  "ENTITY_TYPES" VARCHAR,
  "CREATED_AT" TIMESTAMPTZ,
  "READ_AT" TIMESTAMPTZ
);

-- create data_frames
CREATE TABLE IF NOT EXISTS "COMMON_ROOM"."DATA_FRAMES" (
  "ASSET" VARCHAR,
  "PARTITION" VARCHAR,
  "NUMBER" INT,
  "CONTENT" VARCHAR,
  "WRITTEN_AT" TIMESTAMPTZ
);

-- create rejected rows
CREATE OR REPLACE VIEW "COMMON_ROOM"."REJECTED_ROWS" AS
SELECT
  sync,
  key,
  "PARTITION",
  status,
  field,
  reason_code,
  message,
  http_status,
  attempts,
  last_sent_at,
  run_id
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  status IN ('invalid', 'rejected') AND absent_since IS NULL;

-- add column
ALTER TABLE "COMMON_ROOM"."SYNC_RUNS"
ADD "SUPPRESSED" BIGINT;

-- rename column
ALTER TABLE "COMMON_ROOM"."SYNC_RUNS"
RENAME COLUMN "GONE" TO "ABSENT_FROM_SOURCE";

-- newest version
SELECT
  MAX(version)
FROM "COMMON_ROOM"."STATE_VERSION";

-- kept hash key
SELECT
  MAX(hash_key)
FROM "COMMON_ROOM"."STATE_VERSION";

-- name holders
UPDATE "COMMON_ROOM"."KNOWN_ADDRESSES" SET holder = 'person ' || person
WHERE
  holder IS NULL AND NOT person IS NULL;

-- count outcomes
SELECT
  run_id,
  "PARTITION",
  COUNT(*),
  MIN(sequence),
  MAX(sequence)
FROM "COMMON_ROOM"."SYNC_OUTCOMES"
WHERE
  sync = 'it\'s'
GROUP BY
  run_id,
  "PARTITION",
  CASE WHEN sequence IS NULL THEN 0 ELSE 1 END
ORDER BY
  MIN(COALESCE(run_order, 0)),
  MIN(recorded_at);

-- insert former addresses
INSERT INTO "COMMON_ROOM"."FORMER_ADDRESSES" (
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
    FROM "COMMON_ROOM"."SYNC_OUTCOMES"
    WHERE
      sync = 'contacts'
      AND (
        run_id = 'run'
        AND "PARTITION" = ''
        AND sequence <= 100000
        OR run_id = 'earlier'
        AND "PARTITION" = '2026-01-01'
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
JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
  ON l.sync = 'contacts' AND o.key = l.key
WHERE
  l.email_hash <> o.email_hash
  AND (
    l.run_order IS NULL
    OR l.run_order <= COALESCE(o.run_order, l.run_order)
    OR o.status = 'delivered'
  );

-- merge outcomes
MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target
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
      FROM "COMMON_ROOM"."SYNC_OUTCOMES"
      WHERE
        sync = 'contacts'
        AND (
          run_id = 'run'
          AND "PARTITION" = ''
          AND sequence <= 100000
          OR run_id = 'earlier'
          AND "PARTITION" = '2026-01-01'
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
    FROM "COMMON_ROOM"."SYNC_INTENTS"
    WHERE
      sync = 'contacts'
    GROUP BY
      key
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE
      WHEN o.status = 'delivered'
      THEN o.fingerprint
      WHEN o.status IN ('failed', 'unknown')
      OR d.first_run <> o.run_id
      OR d.last_run <> o.run_id
      THEN NULL
      ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END
    END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE
      WHEN o.status = 'failed' AND o.reason_code = 'not_found'
      THEN COALESCE(l.not_found_runs, 0) + 1
      WHEN o.status IN ('failed', 'unknown')
      THEN COALESCE(l.not_found_runs, 0)
      ELSE 0
    END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    COALESCE(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    COALESCE(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    COALESCE(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CASE
      WHEN l.run_order > COALESCE(o.run_order, 0)
      THEN l.run_order
      ELSE o.run_order
    END AS "RUN_ORDER",
    CAST(NULL AS TIMESTAMPTZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
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
ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY"
WHEN MATCHED THEN UPDATE SET
  "PARTITION" = source."PARTITION",
  "FINGERPRINT" = source."FINGERPRINT",
  "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT",
  "ROW_HASH" = source."ROW_HASH",
  "ROW_HASH_VERSION" = source."ROW_HASH_VERSION",
  "STATUS" = source."STATUS",
  "ATTEMPTS" = source."ATTEMPTS",
  "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS",
  "HTTP_STATUS" = source."HTTP_STATUS",
  "REASON_CODE" = source."REASON_CODE",
  "FIELD" = source."FIELD",
  "MESSAGE" = source."MESSAGE",
  "EMAIL_HASH" = source."EMAIL_HASH",
  "SUPPRESSED_FOR" = source."SUPPRESSED_FOR",
  "FIRST_SENT_AT" = source."FIRST_SENT_AT",
  "LAST_SENT_AT" = source."LAST_SENT_AT",
  "RUN_ID" = source."RUN_ID",
  "RUN_ORDER" = source."RUN_ORDER",
  "ABSENT_SINCE" = source."ABSENT_SINCE"
WHEN NOT MATCHED THEN INSERT (
  "SYNC",
  "KEY",
  "PARTITION",
  "FINGERPRINT",
  "DELIVERED_FINGERPRINT",
  "ROW_HASH",
  "ROW_HASH_VERSION",
  "STATUS",
  "ATTEMPTS",
  "NOT_FOUND_RUNS",
  "HTTP_STATUS",
  "REASON_CODE",
  "FIELD",
  "MESSAGE",
  "EMAIL_HASH",
  "SUPPRESSED_FOR",
  "FIRST_SENT_AT",
  "LAST_SENT_AT",
  "RUN_ID",
  "RUN_ORDER",
  "ABSENT_SINCE"
) VALUES (
  source."SYNC",
  source."KEY",
  source."PARTITION",
  source."FINGERPRINT",
  source."DELIVERED_FINGERPRINT",
  source."ROW_HASH",
  source."ROW_HASH_VERSION",
  source."STATUS",
  source."ATTEMPTS",
  source."NOT_FOUND_RUNS",
  source."HTTP_STATUS",
  source."REASON_CODE",
  source."FIELD",
  source."MESSAGE",
  source."EMAIL_HASH",
  source."SUPPRESSED_FOR",
  source."FIRST_SENT_AT",
  source."LAST_SENT_AT",
  source."RUN_ID",
  source."RUN_ORDER",
  source."ABSENT_SINCE"
);

-- merge outcomes of one run
MERGE INTO "COMMON_ROOM"."SYNC_LEDGER" AS target
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
      FROM "COMMON_ROOM"."SYNC_OUTCOMES"
      WHERE
        sync = 'contacts'
        AND (
          run_id = 'run' AND "PARTITION" = '' AND sequence <= 100000
        )
    ) AS numbered
    WHERE
      newness = 1
  ), doubts AS (
    SELECT
      key,
      MIN(run_id) AS first_run,
      MAX(run_id) AS last_run
    FROM "COMMON_ROOM"."SYNC_INTENTS"
    WHERE
      sync = 'contacts' AND run_id <> 'run'
    GROUP BY
      key
  )
  SELECT
    o.sync AS "SYNC",
    o.key AS "KEY",
    o."PARTITION" AS "PARTITION",
    o.fingerprint AS "FINGERPRINT",
    CASE
      WHEN o.status = 'delivered'
      THEN o.fingerprint
      WHEN o.status IN ('failed', 'unknown')
      OR d.first_run <> o.run_id
      OR d.last_run <> o.run_id
      THEN NULL
      ELSE CASE WHEN l.status = 'delivered' THEN l.fingerprint ELSE l.delivered_fingerprint END
    END AS "DELIVERED_FINGERPRINT",
    o.row_hash AS "ROW_HASH",
    o.row_hash_version AS "ROW_HASH_VERSION",
    o.status AS "STATUS",
    o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END AS "ATTEMPTS",
    CASE
      WHEN o.status = 'failed' AND o.reason_code = 'not_found'
      THEN COALESCE(l.not_found_runs, 0) + 1
      WHEN o.status IN ('failed', 'unknown')
      THEN COALESCE(l.not_found_runs, 0)
      ELSE 0
    END AS "NOT_FOUND_RUNS",
    o.http_status AS "HTTP_STATUS",
    o.reason_code AS "REASON_CODE",
    o.field AS "FIELD",
    o.message AS "MESSAGE",
    COALESCE(o.email_hash, l.email_hash) AS "EMAIL_HASH",
    o.suppressed_for AS "SUPPRESSED_FOR",
    COALESCE(l.first_sent_at, o.sent_at) AS "FIRST_SENT_AT",
    COALESCE(o.sent_at, l.last_sent_at) AS "LAST_SENT_AT",
    o.run_id AS "RUN_ID",
    CASE
      WHEN l.run_order > COALESCE(o.run_order, 0)
      THEN l.run_order
      ELSE o.run_order
    END AS "RUN_ORDER",
    CAST(NULL AS TIMESTAMPTZ) AS "ABSENT_SINCE"
  FROM latest AS o
  LEFT JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
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
ON target."SYNC" = source."SYNC" AND target."KEY" = source."KEY"
WHEN MATCHED THEN UPDATE SET
  "PARTITION" = source."PARTITION",
  "FINGERPRINT" = source."FINGERPRINT",
  "DELIVERED_FINGERPRINT" = source."DELIVERED_FINGERPRINT",
  "ROW_HASH" = source."ROW_HASH",
  "ROW_HASH_VERSION" = source."ROW_HASH_VERSION",
  "STATUS" = source."STATUS",
  "ATTEMPTS" = source."ATTEMPTS",
  "NOT_FOUND_RUNS" = source."NOT_FOUND_RUNS",
  "HTTP_STATUS" = source."HTTP_STATUS",
  "REASON_CODE" = source."REASON_CODE",
  "FIELD" = source."FIELD",
  "MESSAGE" = source."MESSAGE",
  "EMAIL_HASH" = source."EMAIL_HASH",
  "SUPPRESSED_FOR" = source."SUPPRESSED_FOR",
  "FIRST_SENT_AT" = source."FIRST_SENT_AT",
  "LAST_SENT_AT" = source."LAST_SENT_AT",
  "RUN_ID" = source."RUN_ID",
  "RUN_ORDER" = source."RUN_ORDER",
  "ABSENT_SINCE" = source."ABSENT_SINCE"
WHEN NOT MATCHED THEN INSERT (
  "SYNC",
  "KEY",
  "PARTITION",
  "FINGERPRINT",
  "DELIVERED_FINGERPRINT",
  "ROW_HASH",
  "ROW_HASH_VERSION",
  "STATUS",
  "ATTEMPTS",
  "NOT_FOUND_RUNS",
  "HTTP_STATUS",
  "REASON_CODE",
  "FIELD",
  "MESSAGE",
  "EMAIL_HASH",
  "SUPPRESSED_FOR",
  "FIRST_SENT_AT",
  "LAST_SENT_AT",
  "RUN_ID",
  "RUN_ORDER",
  "ABSENT_SINCE"
) VALUES (
  source."SYNC",
  source."KEY",
  source."PARTITION",
  source."FINGERPRINT",
  source."DELIVERED_FINGERPRINT",
  source."ROW_HASH",
  source."ROW_HASH_VERSION",
  source."STATUS",
  source."ATTEMPTS",
  source."NOT_FOUND_RUNS",
  source."HTTP_STATUS",
  source."REASON_CODE",
  source."FIELD",
  source."MESSAGE",
  source."EMAIL_HASH",
  source."SUPPRESSED_FOR",
  source."FIRST_SENT_AT",
  source."LAST_SENT_AT",
  source."RUN_ID",
  source."RUN_ORDER",
  source."ABSENT_SINCE"
);

-- delete folded intents
DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE
  sync = 'contacts'
  AND key IN (
    SELECT
      key
    FROM "COMMON_ROOM"."SYNC_OUTCOMES"
    WHERE
      sync = 'contacts'
      AND (
        run_id = 'run'
        AND "PARTITION" = ''
        AND sequence <= 100000
        OR run_id = 'earlier'
        AND "PARTITION" = '2026-01-01'
        AND sequence IS NULL
      )
  );

-- delete folded outcomes
DELETE FROM "COMMON_ROOM"."SYNC_OUTCOMES"
WHERE
  sync = 'contacts'
  AND (
    run_id = 'run'
    AND "PARTITION" = ''
    AND sequence <= 100000
    OR run_id = 'earlier'
    AND "PARTITION" = '2026-01-01'
    AND sequence IS NULL
  );

-- hash long keys
UPDATE "COMMON_ROOM"."SYNC_OUTCOMES" SET key = CASE WHEN OCTET_LENGTH(key) > 1000 THEN 'sha256:' || SHA2(key, 256) ELSE key END
WHERE
  OCTET_LENGTH(key) > 1000;

-- one row of each key
CREATE TEMPORARY TABLE cr_repaired AS
SELECT
  "SYNC",
  "KEY",
  "STATUS",
  "LAST_SENT_AT"
FROM (
  SELECT
    l."SYNC",
    l."KEY",
    l."STATUS",
    l."LAST_SENT_AT",
    ROW_NUMBER() OVER (
      PARTITION BY l.sync, l.key
      ORDER BY CASE l.status WHEN 'unknown' THEN 0 WHEN 'delivered' THEN 1 ELSE 2 END, CASE WHEN l.last_sent_at IS NULL THEN 1 ELSE 0 END, l.last_sent_at DESC
    ) AS newness
  FROM "COMMON_ROOM"."SYNC_LEDGER" AS l
  JOIN (
    SELECT
      sync,
      key
    FROM "COMMON_ROOM"."SYNC_LEDGER"
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
DELETE FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  EXISTS(
    SELECT
      1
    FROM cr_repaired AS r
    WHERE
      r.sync = "SYNC_LEDGER".sync AND r.key = "SYNC_LEDGER".key
  );

-- one row of each key
INSERT INTO "COMMON_ROOM"."SYNC_LEDGER" (
  "SYNC",
  "KEY",
  "STATUS",
  "LAST_SENT_AT"
)
SELECT
  "SYNC",
  "KEY",
  "STATUS",
  "LAST_SENT_AT"
FROM cr_repaired;

-- one row of each key
DROP TABLE cr_repaired;

-- respelled people
INSERT INTO "COMMON_ROOM"."KNOWN_ADDRESSES" (
  "SYNC",
  "KEY",
  "PERSON"
)
SELECT
  people."SYNC",
  people."KEY",
  people.spelled
FROM (
  SELECT
    numbers.*,
    CAST("NUMBER" AS VARCHAR) AS spelled
  FROM (
    SELECT
      known.*,
      CASE
        WHEN REGEXP_REPLACE(person, '^-?[0-9]+([.][0-9]+)?(e[+]?[0-9]+)?$', '') = ''
        THEN CAST(person AS DOUBLE)
      END AS number
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES" AS known
    WHERE
      person LIKE '%.%' OR person LIKE '%e+%'
  ) AS numbers
) AS people
WHERE
  people.spelled <> people.person;

-- delete keys
DELETE FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'tags' AND key IN ('vip', 'it\'s');

-- delete sync
DELETE FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'it\'s';

-- rows by sync
SELECT
  sync,
  COUNT(CASE WHEN absent_since IS NULL THEN 1 END)
FROM "COMMON_ROOM"."SYNC_LEDGER"
GROUP BY
  sync
ORDER BY
  sync;

-- count unverified removals
SELECT
  COUNT(*)
FROM "COMMON_ROOM"."PII_REMOVALS"
WHERE
  status IN ('submitted', 'overdue');

-- rows by status
SELECT
  status,
  COUNT(*)
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  sync = 'contacts' AND "PARTITION" = '' AND absent_since IS NULL
GROUP BY
  status;

-- delivered sample
SELECT
  key
FROM "COMMON_ROOM"."SYNC_LEDGER"
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
CREATE OR REPLACE VIEW "COMMON_ROOM"."DROPPED_VALUES" AS
SELECT
  sync,
  key,
  "PARTITION",
  field,
  reason_code,
  message,
  last_sent_at,
  run_id
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  status = 'delivered' AND NOT field IS NULL AND absent_since IS NULL;

-- dropped rows
SELECT
  COUNT(*)
FROM "COMMON_ROOM"."DROPPED_VALUES"
WHERE
  sync = 'contacts' AND "PARTITION" = '';

-- delete column hashes
DELETE FROM "COMMON_ROOM"."SYNC_COLUMN_HASHES"
WHERE
  sync = 'contacts' AND key IN ('a', 'b');

-- rejected rows
SELECT
  key,
  status,
  field,
  reason_code,
  message
FROM "COMMON_ROOM"."REJECTED_ROWS"
WHERE
  sync = 'contacts' AND "PARTITION" = '2026-01-01'
ORDER BY
  key
LIMIT 20;

-- last run order
SELECT
  MAX(run_order)
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  sync = 'contacts';

-- running runs
SELECT
  run_id,
  "PARTITION",
  host,
  process,
  process_started,
  started_at,
  heartbeat_at
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  sync = 'contacts'
  AND state = 'running'
  AND NOT (
    run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
  );

-- running runs of a day
SELECT
  run_id,
  "PARTITION",
  host,
  process,
  process_started,
  started_at,
  heartbeat_at
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  sync = 'activities'
  AND "PARTITION" IN ('2026-01-01', '')
  AND state = 'running'
  AND NOT (
    run_id = 'run' AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
  );

-- delete run
DELETE FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  sync = 'contacts'
  AND "PARTITION" = ''
  AND state = 'running'
  AND run_id = 'run'
  AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ);

-- mark interrupted
UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = 'interrupted'
WHERE
  sync = 'contacts'
  AND "PARTITION" = ''
  AND state = 'running'
  AND run_id = 'run'
  AND started_at = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ);

-- finish run
UPDATE "COMMON_ROOM"."SYNC_RUNS" SET state = CASE WHEN state = 'running' THEN 'succeeded' ELSE state END, "FINISHED_AT" = CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ), "DELIVERED" = 7
WHERE
  run_id = 'run'
  AND (
    state = 'running' OR (
      state = 'interrupted' AND finished_at IS NULL
    )
  );

-- delete intents
DELETE FROM "COMMON_ROOM"."SYNC_INTENTS"
WHERE
  sync = 'contacts'
  AND "PARTITION" = ''
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
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  state = 'running';

-- signs of life
SELECT
  state,
  host,
  process,
  process_started,
  heartbeat_at
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  run_id = 'run' AND sync = 'contacts';

-- unconfirmed runs
SELECT
  run_id,
  sync,
  "PARTITION",
  host,
  process,
  process_started,
  heartbeat_at,
  suppression_version
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  finished_at IS NULL
  AND sync <> 'pii_removals'
  AND COALESCE(suppression_version, -1) < 3;

-- aborted runs
SELECT
  1
FROM "COMMON_ROOM"."SYNC_RUNS"
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
  FROM "COMMON_ROOM"."SYNC_RUNS"
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
  "PARTITION",
  COUNT(*)
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  status = 'delivered'
  AND NOT fingerprint IS NULL
  AND (
    NOT delivered_fingerprint IS NULL
    OR NOT row_hash IS NULL
    OR NOT row_hash_version IS NULL
    OR NOT not_found_runs IS NULL
    OR NOT http_status IS NULL
    OR NOT first_sent_at IS NULL
    OR NOT run_id IS NULL
  )
  AND sync = 'contacts'
GROUP BY
  sync,
  "PARTITION"
HAVING
  MAX(last_sent_at) IS NULL
  OR MAX(last_sent_at) < CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
ORDER BY
  sync,
  "PARTITION";

-- compact partition
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET delivered_fingerprint = NULL, row_hash = NULL, row_hash_version = NULL, not_found_runs = NULL, http_status = NULL, first_sent_at = NULL, run_id = NULL
WHERE
  sync = 'contacts'
  AND "PARTITION" = '2026-01-01'
  AND status = 'delivered'
  AND NOT fingerprint IS NULL
  AND (
    NOT delivered_fingerprint IS NULL
    OR NOT row_hash IS NULL
    OR NOT row_hash_version IS NULL
    OR NOT not_found_runs IS NULL
    OR NOT http_status IS NULL
    OR NOT first_sent_at IS NULL
    OR NOT run_id IS NULL
  );

-- recent runs
SELECT
  1
FROM "COMMON_ROOM"."SYNC_RUNS"
WHERE
  sync = 'contacts'
  AND "PARTITION" = ''
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
FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
FROM "COMMON_ROOM"."SENT_ADDRESSES"
WHERE
  NOT COALESCE(suppressed, FALSE);

-- suppressed addresses
SELECT
  email_hash,
  MAX(
    CASE
      WHEN NOT confirmed_at IS NULL OR NOT status IN ('pending', 'failed', 'shared')
      THEN 1
      ELSE 0
    END
  ) AS confirmed
FROM "COMMON_ROOM"."PII_REMOVALS"
WHERE
  lifted_at IS NULL AND NOT email_hash IS NULL
GROUP BY
  email_hash;

-- version of the list
SELECT
  COUNT(CASE WHEN status IS NULL OR status <> 'invalid' THEN 1 END) + COUNT(lifted_at) + COUNT(confirmed_at) + (
    SELECT
      COUNT(*)
    FROM "COMMON_ROOM"."ADDRESS_LIMITS"
  )
FROM "COMMON_ROOM"."PII_REMOVALS";

-- address limit
SELECT
  sequence,
  max_people_per_address
FROM "COMMON_ROOM"."ADDRESS_LIMITS"
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    TRUE
) AS k
WHERE
  email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  )
  AND NOT holder IS NULL
GROUP BY
  email_hash
HAVING
  COUNT(DISTINCT holder) > 5;

-- any suppressed, unfinished
SELECT
  1
FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS b
    ON b.key = a.key
  WHERE
    b.own
    AND (
      NOT b.email_hash IS NULL OR NOT b.handle_hash IS NULL
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS b
    ON b.person = a.person AND b.source_id = a.source_id
  WHERE
    b.own AND (
      NOT b.email_hash IS NULL OR NOT b.handle_hash IS NULL
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
FROM "COMMON_ROOM"."SYNC_LEDGER"
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
FROM "COMMON_ROOM"."SYNC_OUTCOMES"
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
FROM "COMMON_ROOM"."FORMER_ADDRESSES"
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  person IN ('p1', 'it\'s') AND (
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
WHERE
  source_id = 7 AND person IN ('p1') AND own AND NOT email_hash IS NULL;

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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    TRUE
) AS k;

-- ledger syncs
SELECT DISTINCT
  sync
FROM "COMMON_ROOM"."SYNC_LEDGER";

-- suppress rows
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET delivered_fingerprint = CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END, status = 'suppressed', reason_code = 'suppressed', field = NULL, message = 'the person asked', suppressed_for = '0000000000000000000000000000000000000000000000000000000000000000'
WHERE
  sync = 'contacts' AND key IN ('c1') AND status <> 'suppressed';

-- resend rows
UPDATE "COMMON_ROOM"."SYNC_LEDGER" SET row_hash = NULL, fingerprint = CASE
  WHEN NOT (
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END
  ) IS NULL
  THEN ''
  ELSE NULL
END, delivered_fingerprint = CASE
  WHEN NOT (
    CASE WHEN status = 'delivered' THEN fingerprint ELSE delivered_fingerprint END
  ) IS NULL
  THEN ''
  ELSE NULL
END, status = CASE
  WHEN status = 'suppressed' AND NOT delivered_fingerprint IS NULL
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
    FROM "COMMON_ROOM"."SYNC_LEDGER"
    WHERE
      status = 'suppressed' AND absent_since IS NULL
    UNION ALL
    SELECT
      sync,
      key,
      suppressed_for
    FROM "COMMON_ROOM"."SYNC_OUTCOMES"
    WHERE
      status = 'suppressed'
  ) AS noted
) AS suppressed_rows
WHERE
  NOT suppressed_for IS NULL
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
FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
FROM "COMMON_ROOM"."SENT_ADDRESSES" AS s
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
      FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
      FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
DELETE FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
WHERE
  suppressed
  AND email_hash IN (
    '0000000000000000000000000000000000000000000000000000000000000000',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
  );

-- forget unsent
DELETE FROM "COMMON_ROOM"."SENT_ADDRESSES"
WHERE
  sync = 'contacts'
  AND run_id = 'run'
  AND NOT COALESCE(suppressed, FALSE)
  AND key IN ('c1');

-- ended runs
SELECT DISTINCT
  run_id
FROM "COMMON_ROOM"."SENT_ADDRESSES"
WHERE
  sync = 'contacts'
  AND run_id <> ALL (
    SELECT
      run_id
    FROM "COMMON_ROOM"."SYNC_RUNS"
    WHERE
      sync = 'contacts' AND finished_at IS NULL
  );

-- fold known addresses
DELETE FROM "COMMON_ROOM"."SENT_ADDRESSES" AS s
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
      FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
      FROM "COMMON_ROOM"."SENT_ADDRESSES"
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
INSERT INTO "COMMON_ROOM"."KNOWN_ADDRESSES" (
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    sync = 'contacts' AND run_id IN ('run')
) AS s
LEFT JOIN (
  SELECT
    *
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
DELETE FROM "COMMON_ROOM"."SENT_ADDRESSES"
WHERE
  sync = 'contacts' AND run_id IN ('run');

-- sent since
SELECT
  1
FROM "COMMON_ROOM"."SYNC_LEDGER"
WHERE
  email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
  AND last_sent_at > CAST('2026-01-01T00:00:00+00:00' AS TIMESTAMPTZ)
LIMIT 1;

-- sent since
SELECT
  1
FROM "COMMON_ROOM"."SYNC_OUTCOMES"
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "COMMON_ROOM"."SYNC_OUTCOMES" AS o
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash = '0000000000000000000000000000000000000000000000000000000000000000'
) AS k
JOIN "COMMON_ROOM"."SYNC_INTENTS" AS i
  ON i.sync = k.sync AND i.key = k.key
JOIN (
  SELECT
    run_id,
    sync,
    finished_at
  FROM "COMMON_ROOM"."SYNC_RUNS"
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
  FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
  FROM "COMMON_ROOM"."SENT_ADDRESSES"
  WHERE
    NOT COALESCE(suppressed, FALSE)
) AS k
JOIN "COMMON_ROOM"."SYNC_LEDGER" AS l
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
    FROM "COMMON_ROOM"."KNOWN_ADDRESSES"
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
    FROM "COMMON_ROOM"."SENT_ADDRESSES"
    WHERE
      NOT COALESCE(suppressed, FALSE)
  ) AS k
  WHERE
    email_hash IN (
      SELECT
        email_hash
      FROM "COMMON_ROOM"."PII_REMOVALS"
      WHERE
        lifted_at IS NULL
    )
) AS sent
GROUP BY
  email_hash;
