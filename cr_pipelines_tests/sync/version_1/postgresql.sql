-- A state schema of version 1 (cr-pipelines 0.1.0) in postgresql, with the sources that were synced.
-- c6 is invalid, c7 suppressed, note 3 rejected. A run was killed: the outcome of c8 is not folded, c9 may have arrived.

CREATE TABLE common_room_contacts AS
SELECT 'c' || i AS id, 'Name ' || i AS full_name, CASE WHEN i = 6 THEN 'no address' ELSE 'person' || i || '@example.com' END AS email
FROM generate_series(0, 9) AS numbers(i);
CREATE TABLE common_room_activities AS
SELECT 'a' || i AS id, 'posted_message' AS activity_type, 'c' || i AS user_id, 'person' || i || '@example.com' AS user_email,
CAST('2026-03-01 12:00:00' AS timestamp) + i * INTERVAL '6 hours' AS timestamp, 'Hello' AS content
FROM generate_series(0, 4) AS numbers(i);
CREATE TABLE common_room_tags AS
SELECT 'Tag ' || i AS name, 'What ' || i AS description, 'member' AS entity_types FROM generate_series(0, 2) AS numbers(i);
CREATE TABLE common_room_contact_notes AS
SELECT i AS id, 'email' AS social_type, CASE WHEN i = 3 THEN 'nobody@example.com' ELSE 'person' || i || '@example.com' END AS value, 'Note ' || i AS note
FROM generate_series(0, 3) AS numbers(i);
CREATE TABLE common_room_pii_requests AS
SELECT 'r1' AS request_id, 'person7@example.com' AS email, CAST('2026-03-01' AS timestamp) AS requested_at;
UPDATE common_room_contacts SET email = 'other5@example.com' WHERE id = 'c5';

CREATE SCHEMA common_room;
CREATE TABLE common_room.sync_ledger ("sync" text, "key" text, "partition" text, "fingerprint" text, "delivered_fingerprint" text, "row_hash" bigint, "row_hash_version" text, "status" text, "attempts" integer, "not_found_runs" integer, "http_status" integer, "reason_code" text, "field" text, "message" text, "email_hash" text, "withheld_for" text, "first_sent_at" timestamp with time zone, "last_sent_at" timestamp with time zone, "run_id" text, "gone_since" timestamp with time zone);
CREATE INDEX ON common_room.sync_ledger ("sync", "key");
CREATE INDEX ON common_room.sync_ledger ("sync", "partition", "key");
INSERT INTO common_room.sync_ledger ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "withheld_for", "first_sent_at", "last_sent_at", "run_id") VALUES
('activities', '["posted_message","a0"]', '2026-03-01', '49c3affaf3aa1cd23d77d0e20a5e8ea0', '49c3affaf3aa1cd23d77d0e20a5e8ea0', -5259750103578440297, 'postgresql 18, columns 828777ea', 'delivered', 1, 0, 202, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:14:10.012710+00:00', '2026-11-25 19:14:10.012710+00:00', '57654a17113940adb584a62bab1b6bdb'),
('activities', '["posted_message","a1"]', '2026-03-01', '3f3729276cf1c7a213cd2bb0b7b7e09c', '3f3729276cf1c7a213cd2bb0b7b7e09c', -6415037172375682887, 'postgresql 18, columns 828777ea', 'delivered', 1, 0, 202, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:14:10.019644+00:00', '2026-11-25 19:14:10.019644+00:00', '57654a17113940adb584a62bab1b6bdb'),
('activities', '["posted_message","a2"]', '2026-03-02', 'dae6e129e9a4e96c970fa80f5c478b99', 'dae6e129e9a4e96c970fa80f5c478b99', 3528157499085517317, 'postgresql 18, columns 828777ea', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:14:11.503691+00:00', '2026-11-25 19:14:11.503691+00:00', '85d3f73c064e4ffb8463c03b749df1ad'),
('activities', '["posted_message","a3"]', '2026-03-02', '56a29620f0550c6afb3fd39492557e6e', '56a29620f0550c6afb3fd39492557e6e', 8140897514952547867, 'postgresql 18, columns 828777ea', 'delivered', 1, 0, 202, NULL, NULL, NULL, '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', NULL, '2026-11-25 19:14:11.516562+00:00', '2026-11-25 19:14:11.516562+00:00', '85d3f73c064e4ffb8463c03b749df1ad'),
('activities', '["posted_message","a4"]', '2026-03-02', '791683fb7edd1f6e1496cbdea2ee7cc5', '791683fb7edd1f6e1496cbdea2ee7cc5', 7229354212263923136, 'postgresql 18, columns 828777ea', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', NULL, '2026-11-25 19:14:11.520408+00:00', '2026-11-25 19:14:11.520408+00:00', '85d3f73c064e4ffb8463c03b749df1ad'),
('contact_notes', '0', '', '02cc382d0e1e295da21bdcea76507c01', '02cc382d0e1e295da21bdcea76507c01', 3193165581537298837, 'postgresql 18, columns d1cafd02', 'delivered', 1, 0, 200, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:14:15.859365+00:00', '2026-11-25 19:14:15.859365+00:00', '453a83351d7b489f90a72ee54f503c9d'),
('contact_notes', '1', '', '429e47a3cd16b929b223f8dbe280a821', '429e47a3cd16b929b223f8dbe280a821', -1953727871890914427, 'postgresql 18, columns d1cafd02', 'delivered', 1, 0, 200, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:14:15.860882+00:00', '2026-11-25 19:14:15.860882+00:00', '453a83351d7b489f90a72ee54f503c9d'),
('contact_notes', '2', '', 'b654256ebc47ae5c24be9bba645f9431', 'b654256ebc47ae5c24be9bba645f9431', 5147786413950817059, 'postgresql 18, columns d1cafd02', 'delivered', 1, 0, 200, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:14:15.861614+00:00', '2026-11-25 19:14:15.861614+00:00', '453a83351d7b489f90a72ee54f503c9d'),
('contact_notes', '3', '', 'a6eb1cdb432f90de39026dbc39facf98', NULL, 7817840709552192743, 'postgresql 18, columns d1cafd02', 'rejected', 1, 0, 404, 'not_found', NULL, 'Common Room answered in 1 runs in a row that it has no such contact or thing (HTTP 404), the row is offered again when it changes, or by a resync of what failed', 'e788ea2014693dcdb86767aceb3860a432fc626c6477a6c53016aff40726842b', NULL, '2026-11-25 19:14:15.862347+00:00', '2026-11-25 19:14:15.862347+00:00', '453a83351d7b489f90a72ee54f503c9d'),
('contacts', 'c0', '', 'c7d5d750af1428ead7003e88cedf9d0b', 'c7d5d750af1428ead7003e88cedf9d0b', -7511166642524048460, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:14:07.696022+00:00', '2026-11-25 19:14:19.880841+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c1', '', '05f3f67962e3100cd2a316fa6b939e65', '05f3f67962e3100cd2a316fa6b939e65', -8704657683581131602, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:14:07.699765+00:00', '2026-11-25 19:14:19.883637+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c2', '', '234abba706c12b6da81797dc33c9060a', '234abba706c12b6da81797dc33c9060a', -5428331078489584441, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:14:07.744584+00:00', '2026-11-25 19:14:19.896811+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c3', '', 'cc5680edca8d592b038e53692226586c', 'cc5680edca8d592b038e53692226586c', 5634921985463587037, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', NULL, '2026-11-25 19:14:07.744815+00:00', '2026-11-25 19:14:19.895701+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c4', '', '1bc189450c238a8be493714821546cab', '1bc189450c238a8be493714821546cab', -2020152485677866858, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', NULL, '2026-11-25 19:14:07.744965+00:00', '2026-11-25 19:14:19.904322+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c5', '', '3cfa396cf0db23585ba511d3ad01719e', '3cfa396cf0db23585ba511d3ad01719e', 4620991542495542116, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 0, 202, NULL, NULL, NULL, '88107030a5150d5c67105b423fb44666dd5fa09779b6d22b04f5e6a2084562b1', NULL, '2026-11-25 19:14:07.745081+00:00', '2026-11-25 19:14:19.928019+00:00', '014faf90e94b4100b867490eece36e38'),
('contacts', 'c6', '', 'fb0c436dfcc91b3a00bffadeacbb5d40', NULL, 3137654706619688645, 'postgresql 18, columns 49f3d39b', 'invalid', 0, 0, NULL, 'bad_email', 'email', 'email is not an e-mail address: it has no @, correct it or make it null', NULL, NULL, NULL, NULL, '657d354306ad4f79932e90dc1e7c4b2e'),
('contacts', 'c7', '', '3296efbea859510d3881ca4ac40143f4', '3296efbea859510d3881ca4ac40143f4', -832479760603027484, 'postgresql 18, columns 49f3d39b', 'suppressed', 0, 0, NULL, 'suppressed', NULL, 'the person asked to be forgotten', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '2026-11-25 19:14:07.745177+00:00', '2026-11-25 19:14:07.745177+00:00', '014faf90e94b4100b867490eece36e38'),
('tags', 'Tag 0', '', 'c6a6342fdf6015ac656a4e2d50833c68', 'c6a6342fdf6015ac656a4e2d50833c68', -5886259707800697450, 'postgresql 18, columns 9c9a0571', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:14:13.912670+00:00', '2026-11-25 19:14:13.912670+00:00', '9d0adf8677644de191d05e60600082b0'),
('tags', 'Tag 1', '', 'f4ad5a3432ef145612c3416b1751ae89', 'f4ad5a3432ef145612c3416b1751ae89', -3674060339055611646, 'postgresql 18, columns 9c9a0571', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:14:13.923990+00:00', '2026-11-25 19:14:13.923990+00:00', '9d0adf8677644de191d05e60600082b0'),
('tags', 'Tag 2', '', 'bd05020c842ebe955d8fecd81d8818cd', 'bd05020c842ebe955d8fecd81d8818cd', 8308012346783715575, 'postgresql 18, columns 9c9a0571', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:14:13.924320+00:00', '2026-11-25 19:14:13.924320+00:00', '9d0adf8677644de191d05e60600082b0');
CREATE TABLE common_room.sync_outcomes ("sync" text, "key" text, "partition" text, "fingerprint" text, "row_hash" bigint, "row_hash_version" text, "status" text, "attempts" integer, "http_status" integer, "reason_code" text, "field" text, "message" text, "email_hash" text, "withheld_for" text, "sent_at" timestamp with time zone, "recorded_at" timestamp with time zone, "run_id" text);
CREATE INDEX ON common_room.sync_outcomes ("sync");
INSERT INTO common_room.sync_outcomes ("sync", "key", "partition", "fingerprint", "row_hash", "row_hash_version", "status", "attempts", "http_status", "email_hash", "sent_at", "recorded_at", "run_id") VALUES
('contacts', 'c8', '', '91a313a33ca1382172a27cbab3ed643b', -3038170365465375689, 'postgresql 18, columns 49f3d39b', 'delivered', 1, 202, 'bee5776fd42f60ff0df01fe8dec143fd7149c522f0143fba2eb045aa3a92be91', '2026-11-25 19:14:19.904934+00:00', '2026-11-25 19:14:19.904934+00:00', 'killed');
CREATE TABLE common_room.sync_intents ("sync" text, "partition" text, "key" text, "run_id" text);
CREATE INDEX ON common_room.sync_intents ("sync", "partition");
INSERT INTO common_room.sync_intents ("sync", "partition", "key", "run_id") VALUES
('contacts', '', 'c8', 'killed'),
('contacts', '', 'c9', 'killed');
CREATE TABLE common_room.sync_runs ("run_id" text, "sync" text, "partition" text, "state" text, "stopped_by" text, "host" text, "process" integer, "started_at" timestamp with time zone, "heartbeat_at" timestamp with time zone, "finished_at" timestamp with time zone, "suppression_version" bigint, "resync" text, "source_rows" bigint, "unchanged" bigint, "offered" bigint, "gone" bigint, "delivered" bigint, "invalid" bigint, "rejected" bigint, "failed" bigint, "suppressed" bigint, "unknown" bigint, "not_sent" bigint, "outdated" bigint, "missing" bigint, "removed" bigint, "requests" bigint, "rate_limited" bigint, "retries" bigint, "rate_limit" bigint, "interval_seconds" double precision, "rate_used" double precision, "seconds" double precision);
CREATE INDEX ON common_room.sync_runs ("sync");
INSERT INTO common_room.sync_runs ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "finished_at", "suppression_version", "resync", "source_rows", "unchanged", "offered", "gone", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent", "outdated", "missing", "removed", "requests", "rate_limited", "retries", "rate_limit", "seconds") VALUES
('014faf90e94b4100b867490eece36e38', 'contacts', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:19.420976+00:00', '2026-11-25 19:14:19.420976+00:00', '2026-11-25 19:14:20.639611+00:00', 1, 'all', 10, 0, 10, 0, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0, 0, 1000000, 1.4159218530003272),
('453a83351d7b489f90a72ee54f503c9d', 'contact_notes', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:15.230397+00:00', '2026-11-25 19:14:15.230397+00:00', '2026-11-25 19:14:16.620395+00:00', 0, 'changed', 4, 0, 4, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 1.405915800999992),
('57654a17113940adb584a62bab1b6bdb', 'activities', '2026-03-01', 'succeeded', 'a host', 2559, '2026-11-25 19:14:09.811785+00:00', '2026-11-25 19:14:09.811785+00:00', '2026-11-25 19:14:10.671911+00:00', 0, 'changed', 2, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1000000, 0.7730505780000385),
('657d354306ad4f79932e90dc1e7c4b2e', 'contacts', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:07.387714+00:00', '2026-11-25 19:14:07.387714+00:00', '2026-11-25 19:14:08.362000+00:00', 0, 'changed', 10, 0, 10, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 1000000, 0.9339133009998477),
('85d3f73c064e4ffb8463c03b749df1ad', 'activities', '2026-03-02', 'succeeded', 'a host', 2559, '2026-11-25 19:14:11.168651+00:00', '2026-11-25 19:14:11.168651+00:00', '2026-11-25 19:14:12.735861+00:00', 0, 'changed', 3, 0, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 1.3250884390004103),
('9d0adf8677644de191d05e60600082b0', 'tags', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:13.484328+00:00', '2026-11-25 19:14:13.484328+00:00', '2026-11-25 19:14:14.775797+00:00', 0, 'changed', 3, 0, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 1.532029051000336),
('b12ab988ef40496da867f9f2b431c0b5', 'contacts', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:08.900370+00:00', '2026-11-25 19:14:08.900370+00:00', '2026-11-25 19:14:09.471550+00:00', NULL, 'changed', 10, 8, 2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1000000, 0.5540554059998613),
('e14cd473a9fe4efdb87e50f975c32978', 'pii_removals', '', 'succeeded', 'a host', 2559, '2026-11-25 19:14:17.080848+00:00', '2026-11-25 19:14:17.080848+00:00', '2026-11-25 19:14:18.872552+00:00', NULL, 'changed', NULL, NULL, 1, NULL, 1, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, 1.54176009899993),
('killed', 'contacts', '', 'running', 'another host', 1, '2026-03-02 00:00:00+00:00', '2026-03-02 00:00:00+00:00', NULL, NULL, 'changed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE common_room.former_addresses ("sync" text, "key" text, "email_hash" text, "replaced_at" timestamp with time zone);
CREATE INDEX ON common_room.former_addresses ("email_hash");
INSERT INTO common_room.former_addresses ("sync", "key", "email_hash", "replaced_at") VALUES
('contacts', 'c5', '5222d91ba2087c5390cd78c5b2e280d2d1e03e61e4af72dcbb38754cc3eace5b', '2026-11-25 19:14:09.135632+00:00');
CREATE TABLE common_room.known_addresses ("sync" text, "key" text, "source_id" bigint, "person" text, "email_hash" text, "noted_at" timestamp with time zone);
CREATE INDEX ON common_room.known_addresses ("email_hash");
CREATE INDEX ON common_room.known_addresses ("sync", "key");
INSERT INTO common_room.known_addresses ("sync", "key", "source_id", "person", "email_hash", "noted_at") VALUES
('activities', '["posted_message","a0"]', 1, 'c0', '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:14:09.927985+00:00'),
('activities', '["posted_message","a1"]', 1, 'c1', '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:14:09.927985+00:00'),
('activities', '["posted_message","a2"]', 1, 'c2', 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:14:11.350719+00:00'),
('activities', '["posted_message","a3"]', 1, 'c3', '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', '2026-11-25 19:14:11.350719+00:00'),
('activities', '["posted_message","a4"]', 1, 'c4', 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', '2026-11-25 19:14:11.350719+00:00'),
('contact_notes', '0', NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:14:15.388023+00:00'),
('contact_notes', '1', NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:14:15.388023+00:00'),
('contact_notes', '2', NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:14:15.388023+00:00'),
('contact_notes', '3', NULL, NULL, 'e788ea2014693dcdb86767aceb3860a432fc626c6477a6c53016aff40726842b', '2026-11-25 19:14:15.388023+00:00'),
('contacts', 'c0', 1, 'c0', '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c1', 1, 'c1', '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c2', 1, 'c2', 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c3', 1, 'c3', '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c4', 1, 'c4', 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c5', 1, 'c5', '88107030a5150d5c67105b423fb44666dd5fa09779b6d22b04f5e6a2084562b1', '2026-11-25 19:14:09.022589+00:00'),
('contacts', 'c5', 1, 'c5', '5222d91ba2087c5390cd78c5b2e280d2d1e03e61e4af72dcbb38754cc3eace5b', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c7', 1, 'c7', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c8', 1, 'c8', 'bee5776fd42f60ff0df01fe8dec143fd7149c522f0143fba2eb045aa3a92be91', '2026-11-25 19:14:07.516443+00:00'),
('contacts', 'c9', 1, 'c9', '259a7d89e02b225c75a1b78f07d8ab0ca9e704e0d5ae34ba635098657d896a54', '2026-11-25 19:14:07.516443+00:00');
CREATE TABLE common_room.room_activity_types ("id" text, "name" text, "display_name" text, "read_at" timestamp with time zone);
INSERT INTO common_room.room_activity_types ("id", "name", "display_name", "read_at") VALUES
('answered_form_survey', 'answered_form_survey', 'Answered survey', '2026-11-25 19:14:20.749501+00:00'),
('attended_event', 'attended_event', 'Attended event', '2026-11-25 19:14:20.749501+00:00'),
('attended_webinar', 'attended_webinar', 'Attended webinar', '2026-11-25 19:14:20.749501+00:00'),
('completed_training', 'completed_training', 'Completed training', '2026-11-25 19:14:20.749501+00:00'),
('downloaded_content', 'downloaded_content', 'Downloaded content', '2026-11-25 19:14:20.749501+00:00'),
('link', 'link', 'Link', '2026-11-25 19:14:20.749501+00:00'),
('opened_support_ticket', 'opened_support_ticket', 'Opened support ticket', '2026-11-25 19:14:20.749501+00:00'),
('posted_message', 'posted_message', 'Posted message', '2026-11-25 19:14:20.749501+00:00'),
('registered_for_webinar', 'registered_for_webinar', 'Registered for webinar', '2026-11-25 19:14:20.749501+00:00'),
('requested_demo', 'requested_demo', 'Requested demo', '2026-11-25 19:14:20.749501+00:00'),
('signed_up', 'signed_up', 'Signed up', '2026-11-25 19:14:20.749501+00:00'),
('started_training', 'started_training', 'Started training', '2026-11-25 19:14:20.749501+00:00'),
('started_trial', 'started_trial', 'Started trial', '2026-11-25 19:14:20.749501+00:00'),
('used_product', 'used_product', 'Used product', '2026-11-25 19:14:20.749501+00:00');
CREATE TABLE common_room.room_custom_fields ("id" bigint, "name" text, "type" text, "multivalue" boolean, "accepted_values" text, "writable" boolean, "read_at" timestamp with time zone);
INSERT INTO common_room.room_custom_fields ("id", "name", "type", "multivalue", "accepted_values", "writable", "read_at") VALUES
(12001, 'Plan', 'enum', false, '["Free", "Team", "Business", "Enterprise"]', true, '2026-11-25 19:14:20.749501+00:00'),
(12002, 'Products used', 'enum', true, '["Analytics", "Automations", "Connectors", "Dashboards", "API"]', true, '2026-11-25 19:14:20.749501+00:00'),
(12003, 'Account owner', 'string', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12004, 'Renewal date', 'date', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12005, 'Seats', 'int', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12006, 'Health score', 'number', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12007, 'CRM record', 'url', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12008, 'Marketing opt-in', 'boolean', false, NULL, true, '2026-11-25 19:14:20.749501+00:00'),
(12009, 'Teams', 'string', true, NULL, true, '2026-11-25 19:14:20.749501+00:00');
CREATE TABLE common_room.room_segments ("id" bigint, "name" text, "read_at" timestamp with time zone);
INSERT INTO common_room.room_segments ("id", "name", "read_at") VALUES
(12010, 'Champions', '2026-11-25 19:14:20.749501+00:00'),
(12014, 'Trial sign-ups', '2026-11-25 19:14:20.749501+00:00'),
(12019, 'Event guests', '2026-11-25 19:14:20.749501+00:00');
CREATE TABLE common_room.room_segment_statuses ("segment_id" bigint, "id" bigint, "name" text, "read_at" timestamp with time zone);
INSERT INTO common_room.room_segment_statuses ("segment_id", "id", "name", "read_at") VALUES
(12010, 12011, 'Identified', '2026-11-25 19:14:20.749501+00:00'),
(12010, 12012, 'Contacted', '2026-11-25 19:14:20.749501+00:00'),
(12010, 12013, 'Engaged', '2026-11-25 19:14:20.749501+00:00'),
(12014, 12015, 'New', '2026-11-25 19:14:20.749501+00:00'),
(12014, 12016, 'Qualified', '2026-11-25 19:14:20.749501+00:00'),
(12014, 12017, 'Converted', '2026-11-25 19:14:20.749501+00:00'),
(12014, 12018, 'Lost', '2026-11-25 19:14:20.749501+00:00'),
(12019, 12020, 'Invited', '2026-11-25 19:14:20.749501+00:00'),
(12019, 12021, 'Confirmed', '2026-11-25 19:14:20.749501+00:00'),
(12019, 12022, 'Attended', '2026-11-25 19:14:20.749501+00:00');
CREATE TABLE common_room.room_tags ("id" text, "name" text, "description" text, "entity_types" text, "created_at" timestamp with time zone, "read_at" timestamp with time zone);
INSERT INTO common_room.room_tags ("id", "name", "description", "entity_types", "created_at", "read_at") VALUES
('12023', 'customer', 'Has a paid plan', 'member, activity, company', '2026-11-25 19:13:57.235000+00:00', '2026-11-25 19:14:20.749501+00:00'),
('12024', 'prospect', 'Talks with sales', 'member, activity, company', '2026-11-25 19:13:57.235000+00:00', '2026-11-25 19:14:20.749501+00:00'),
('12025', 'community', 'Takes part in the community', 'member, activity, company', '2026-11-25 19:13:57.235000+00:00', '2026-11-25 19:14:20.749501+00:00'),
('12026', 'Tag 0', 'What 0', 'member', '2026-11-25 19:14:13.892000+00:00', '2026-11-25 19:14:20.749501+00:00'),
('12027', 'Tag 1', 'What 1', 'member', '2026-11-25 19:14:13.916000+00:00', '2026-11-25 19:14:20.749501+00:00'),
('12028', 'Tag 2', 'What 2', 'member', '2026-11-25 19:14:13.916000+00:00', '2026-11-25 19:14:20.749501+00:00');
CREATE TABLE common_room.pii_removals ("request_id" text, "source_hash" text, "email_hash" text, "email" text, "status" text, "requested_at" timestamp with time zone, "seen_at" timestamp with time zone, "submitted_at" timestamp with time zone, "due_at" timestamp with time zone, "check_at" timestamp with time zone, "checked_at" timestamp with time zone, "verified_at" timestamp with time zone, "offers" integer, "attempts" integer, "retry_at" timestamp with time zone, "http_status" integer, "reason_code" text, "message" text, "lifted_at" timestamp with time zone, "lifted_reason" text, "run_id" text);
INSERT INTO common_room.pii_removals ("request_id", "source_hash", "email_hash", "email", "status", "requested_at", "seen_at", "submitted_at", "due_at", "check_at", "offers", "attempts", "http_status", "run_id") VALUES
('r1', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', 'person7@example.com', 'submitted', '2026-03-01 00:00:00+00:00', '2026-11-25 19:14:17.135903+00:00', '2026-11-25 19:14:18.123490+00:00', '2026-12-10 19:14:18.123490+00:00', '2026-11-26 19:14:18.123490+00:00', 0, 1, 200, 'e14cd473a9fe4efdb87e50f975c32978');
CREATE VIEW common_room.rejected_rows AS
SELECT sync, key, "partition", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM common_room.sync_ledger WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL;
