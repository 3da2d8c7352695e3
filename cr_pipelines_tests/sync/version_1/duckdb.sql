-- A state schema of version 1 (cr-pipelines 0.1.0) in duckdb, with the sources that were synced.
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
CREATE TABLE common_room.sync_ledger ("sync" VARCHAR, "key" VARCHAR, "partition" VARCHAR, "fingerprint" VARCHAR, "delivered_fingerprint" VARCHAR, "row_hash" BIGINT, "row_hash_version" VARCHAR, "status" VARCHAR, "attempts" INTEGER, "not_found_runs" INTEGER, "http_status" INTEGER, "reason_code" VARCHAR, "field" VARCHAR, "message" VARCHAR, "email_hash" VARCHAR, "withheld_for" VARCHAR, "first_sent_at" TIMESTAMP WITH TIME ZONE, "last_sent_at" TIMESTAMP WITH TIME ZONE, "run_id" VARCHAR, "gone_since" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.sync_ledger ("sync", "key", "partition", "fingerprint", "delivered_fingerprint", "row_hash", "row_hash_version", "status", "attempts", "not_found_runs", "http_status", "reason_code", "field", "message", "email_hash", "withheld_for", "first_sent_at", "last_sent_at", "run_id") VALUES
('activities', '["posted_message","a0"]', '2026-03-01', '5ec3595ba9f29ba990f00a7693ec28ae', '5ec3595ba9f29ba990f00a7693ec28ae', 1660655085921453517, 'duckdb 2.0.0, columns ff22f421', 'delivered', 1, 0, 202, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:09:14.623391+00:00', '2026-11-25 19:09:14.623391+00:00', 'bfac4ebce4814c049179f5208d8e3dfb'),
('activities', '["posted_message","a1"]', '2026-03-01', 'e562f26cdf5687fbcc890f418312d5c2', 'e562f26cdf5687fbcc890f418312d5c2', 8021799792769450877, 'duckdb 2.0.0, columns ff22f421', 'delivered', 1, 0, 202, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:09:14.623600+00:00', '2026-11-25 19:09:14.623600+00:00', 'bfac4ebce4814c049179f5208d8e3dfb'),
('activities', '["posted_message","a2"]', '2026-03-02', '4ca00129dbc428516988fb6a05a94995', '4ca00129dbc428516988fb6a05a94995', 4252545875248434720, 'duckdb 2.0.0, columns ff22f421', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:09:17.576675+00:00', '2026-11-25 19:09:17.576675+00:00', 'eef0888ceff549769f196dbfc9af28cc'),
('activities', '["posted_message","a3"]', '2026-03-02', 'a676cae5aa615885aa55d6ec43adedfc', 'a676cae5aa615885aa55d6ec43adedfc', 6089775064348833700, 'duckdb 2.0.0, columns ff22f421', 'delivered', 1, 0, 202, NULL, NULL, NULL, '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', NULL, '2026-11-25 19:09:17.576615+00:00', '2026-11-25 19:09:17.576615+00:00', 'eef0888ceff549769f196dbfc9af28cc'),
('activities', '["posted_message","a4"]', '2026-03-02', '4db5056364b57404441fbf85735a2d44', '4db5056364b57404441fbf85735a2d44', 6491893079584671178, 'duckdb 2.0.0, columns ff22f421', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', NULL, '2026-11-25 19:09:17.576417+00:00', '2026-11-25 19:09:17.576417+00:00', 'eef0888ceff549769f196dbfc9af28cc'),
('contact_notes', '0', '', '02cc382d0e1e295da21bdcea76507c01', '02cc382d0e1e295da21bdcea76507c01', 3420541614864371264, 'duckdb 2.0.0, columns 87ad440d', 'delivered', 1, 0, 200, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:09:25.297331+00:00', '2026-11-25 19:09:25.297331+00:00', 'cc2d46adcfee4667b805865efcc4504c'),
('contact_notes', '1', '', '429e47a3cd16b929b223f8dbe280a821', '429e47a3cd16b929b223f8dbe280a821', 3613681920445748380, 'duckdb 2.0.0, columns 87ad440d', 'delivered', 1, 0, 200, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:09:25.313784+00:00', '2026-11-25 19:09:25.313784+00:00', 'cc2d46adcfee4667b805865efcc4504c'),
('contact_notes', '2', '', 'b654256ebc47ae5c24be9bba645f9431', 'b654256ebc47ae5c24be9bba645f9431', 2943789267670347209, 'duckdb 2.0.0, columns 87ad440d', 'delivered', 1, 0, 200, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:09:25.313876+00:00', '2026-11-25 19:09:25.313876+00:00', 'cc2d46adcfee4667b805865efcc4504c'),
('contact_notes', '3', '', 'a6eb1cdb432f90de39026dbc39facf98', NULL, 1553629523796315993, 'duckdb 2.0.0, columns 87ad440d', 'rejected', 1, 0, 404, 'not_found', NULL, 'Common Room answered in 1 runs in a row that it has no such contact or thing (HTTP 404), the row is offered again when it changes, or by a resync of what failed', 'e788ea2014693dcdb86767aceb3860a432fc626c6477a6c53016aff40726842b', NULL, '2026-11-25 19:09:25.314135+00:00', '2026-11-25 19:09:25.314135+00:00', 'cc2d46adcfee4667b805865efcc4504c'),
('contacts', 'c0', '', 'c7d5d750af1428ead7003e88cedf9d0b', 'c7d5d750af1428ead7003e88cedf9d0b', 3386985370324727240, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', NULL, '2026-11-25 19:09:06.276646+00:00', '2026-11-25 19:09:30.155767+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c1', '', '05f3f67962e3100cd2a316fa6b939e65', '05f3f67962e3100cd2a316fa6b939e65', 1944734006865333088, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', NULL, '2026-11-25 19:09:06.347892+00:00', '2026-11-25 19:09:30.219753+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c2', '', '234abba706c12b6da81797dc33c9060a', '234abba706c12b6da81797dc33c9060a', 3335507552988245628, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', NULL, '2026-11-25 19:09:06.348022+00:00', '2026-11-25 19:09:30.219830+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c3', '', 'cc5680edca8d592b038e53692226586c', 'cc5680edca8d592b038e53692226586c', 3175606332665028743, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', NULL, '2026-11-25 19:09:06.348181+00:00', '2026-11-25 19:09:30.219882+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c4', '', '1bc189450c238a8be493714821546cab', '1bc189450c238a8be493714821546cab', 5297039469352692435, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', NULL, '2026-11-25 19:09:06.348249+00:00', '2026-11-25 19:09:30.219929+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c5', '', '3cfa396cf0db23585ba511d3ad01719e', '3cfa396cf0db23585ba511d3ad01719e', 8246928806532552895, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 0, 202, NULL, NULL, NULL, '88107030a5150d5c67105b423fb44666dd5fa09779b6d22b04f5e6a2084562b1', NULL, '2026-11-25 19:09:06.348336+00:00', '2026-11-25 19:09:30.219978+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('contacts', 'c6', '', 'fb0c436dfcc91b3a00bffadeacbb5d40', NULL, 2568247376367573945, 'duckdb 2.0.0, columns 8a252987', 'invalid', 0, 0, NULL, 'bad_email', 'email', 'email is not an e-mail address: it has no @, correct it or make it null', NULL, NULL, NULL, NULL, '2541944cdbd64ee88c8e17a3814bc72e'),
('contacts', 'c7', '', '3296efbea859510d3881ca4ac40143f4', '3296efbea859510d3881ca4ac40143f4', 6743548654229826093, 'duckdb 2.0.0, columns 8a252987', 'suppressed', 0, 0, NULL, 'suppressed', NULL, 'the person asked to be forgotten', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '2026-11-25 19:09:06.348431+00:00', '2026-11-25 19:09:06.348431+00:00', '31a5537045324c98ae9d98ab694e68a6'),
('tags', 'Tag 0', '', 'c6a6342fdf6015ac656a4e2d50833c68', 'c6a6342fdf6015ac656a4e2d50833c68', 1251248667065907200, 'duckdb 2.0.0, columns 05e7dafa', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:09:20.545816+00:00', '2026-11-25 19:09:20.545816+00:00', 'b2f9dfea0a35436cb98ae1e1b05b95c7'),
('tags', 'Tag 1', '', 'f4ad5a3432ef145612c3416b1751ae89', 'f4ad5a3432ef145612c3416b1751ae89', 6279151405092585613, 'duckdb 2.0.0, columns 05e7dafa', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:09:20.591235+00:00', '2026-11-25 19:09:20.591235+00:00', 'b2f9dfea0a35436cb98ae1e1b05b95c7'),
('tags', 'Tag 2', '', 'bd05020c842ebe955d8fecd81d8818cd', 'bd05020c842ebe955d8fecd81d8818cd', 8693657267518553718, 'duckdb 2.0.0, columns 05e7dafa', 'delivered', 1, 0, 200, NULL, NULL, NULL, NULL, NULL, '2026-11-25 19:09:20.591423+00:00', '2026-11-25 19:09:20.591423+00:00', 'b2f9dfea0a35436cb98ae1e1b05b95c7');
CREATE TABLE common_room.sync_outcomes ("sync" VARCHAR, "key" VARCHAR, "partition" VARCHAR, "fingerprint" VARCHAR, "row_hash" BIGINT, "row_hash_version" VARCHAR, "status" VARCHAR, "attempts" INTEGER, "http_status" INTEGER, "reason_code" VARCHAR, "field" VARCHAR, "message" VARCHAR, "email_hash" VARCHAR, "withheld_for" VARCHAR, "sent_at" TIMESTAMP WITH TIME ZONE, "recorded_at" TIMESTAMP WITH TIME ZONE, "run_id" VARCHAR);
INSERT INTO common_room.sync_outcomes ("sync", "key", "partition", "fingerprint", "row_hash", "row_hash_version", "status", "attempts", "http_status", "email_hash", "sent_at", "recorded_at", "run_id") VALUES
('contacts', 'c8', '', '91a313a33ca1382172a27cbab3ed643b', 575340534269456326, 'duckdb 2.0.0, columns 8a252987', 'delivered', 1, 202, 'bee5776fd42f60ff0df01fe8dec143fd7149c522f0143fba2eb045aa3a92be91', '2026-11-25 19:09:30.220021+00:00', '2026-11-25 19:09:30.220021+00:00', 'killed');
CREATE TABLE common_room.sync_intents ("sync" VARCHAR, "partition" VARCHAR, "key" VARCHAR, "run_id" VARCHAR);
INSERT INTO common_room.sync_intents ("sync", "partition", "key", "run_id") VALUES
('contacts', '', 'c8', 'killed'),
('contacts', '', 'c9', 'killed');
CREATE TABLE common_room.sync_runs ("run_id" VARCHAR, "sync" VARCHAR, "partition" VARCHAR, "state" VARCHAR, "stopped_by" VARCHAR, "host" VARCHAR, "process" INTEGER, "started_at" TIMESTAMP WITH TIME ZONE, "heartbeat_at" TIMESTAMP WITH TIME ZONE, "finished_at" TIMESTAMP WITH TIME ZONE, "suppression_version" BIGINT, "resync" VARCHAR, "source_rows" BIGINT, "unchanged" BIGINT, "offered" BIGINT, "gone" BIGINT, "delivered" BIGINT, "invalid" BIGINT, "rejected" BIGINT, "failed" BIGINT, "suppressed" BIGINT, "unknown" BIGINT, "not_sent" BIGINT, "outdated" BIGINT, "missing" BIGINT, "removed" BIGINT, "requests" BIGINT, "rate_limited" BIGINT, "retries" BIGINT, "rate_limit" BIGINT, "interval_seconds" DOUBLE, "rate_used" DOUBLE, "seconds" DOUBLE);
INSERT INTO common_room.sync_runs ("run_id", "sync", "partition", "state", "host", "process", "started_at", "heartbeat_at", "finished_at", "suppression_version", "resync", "source_rows", "unchanged", "offered", "gone", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent", "outdated", "missing", "removed", "requests", "rate_limited", "retries", "rate_limit", "seconds") VALUES
('184aca74be054c2f8a913ebdf89b3a47', 'pii_removals', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:26.476602+00:00', '2026-11-25 19:09:26.476602+00:00', '2026-11-25 19:09:27.755536+00:00', NULL, 'changed', NULL, NULL, 1, NULL, 1, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, 1.106032721000247),
('2541944cdbd64ee88c8e17a3814bc72e', 'contacts', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:04.984485+00:00', '2026-11-25 19:09:04.984485+00:00', '2026-11-25 19:09:07.700060+00:00', 0, 'changed', 10, 0, 10, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 1000000, 2.668335575999663),
('31a5537045324c98ae9d98ab694e68a6', 'contacts', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:28.360702+00:00', '2026-11-25 19:09:28.360702+00:00', '2026-11-25 19:09:31.478022+00:00', 1, 'all', 10, 0, 10, 0, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0, 0, 1000000, 2.8899831270000504),
('b2f9dfea0a35436cb98ae1e1b05b95c7', 'tags', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:19.521343+00:00', '2026-11-25 19:09:19.521343+00:00', '2026-11-25 19:09:22.114252+00:00', 0, 'changed', 3, 0, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 2.354960368999855),
('bfac4ebce4814c049179f5208d8e3dfb', 'activities', '2026-03-01', 'succeeded', 'a host', 17572, '2026-11-25 19:09:13.026019+00:00', '2026-11-25 19:09:13.026019+00:00', '2026-11-25 19:09:15.812429+00:00', 0, 'changed', 2, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 1000000, 2.6496934889996737),
('c10fdbb059e94af094e661be73f66a96', 'contacts', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:09.215680+00:00', '2026-11-25 19:09:09.215680+00:00', '2026-11-25 19:09:12.370551+00:00', 0, 'changed', 10, 8, 2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1000000, 2.7627695640003367),
('cc2d46adcfee4667b805865efcc4504c', 'contact_notes', '', 'succeeded', 'a host', 17572, '2026-11-25 19:09:23.229983+00:00', '2026-11-25 19:09:23.229983+00:00', '2026-11-25 19:09:26.088076+00:00', 0, 'changed', 4, 0, 4, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 2.8894376319999537),
('eef0888ceff549769f196dbfc9af28cc', 'activities', '2026-03-02', 'succeeded', 'a host', 17572, '2026-11-25 19:09:16.716699+00:00', '2026-11-25 19:09:16.716699+00:00', '2026-11-25 19:09:18.796583+00:00', 0, 'changed', 3, 0, 3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1000000, 1.9997158879996277),
('killed', 'contacts', '', 'running', 'another host', 1, '2026-03-02 00:00:00+00:00', '2026-03-02 00:00:00+00:00', NULL, NULL, 'changed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE common_room.former_addresses ("sync" VARCHAR, "key" VARCHAR, "email_hash" VARCHAR, "replaced_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.former_addresses ("sync", "key", "email_hash", "replaced_at") VALUES
('contacts', 'c5', '5222d91ba2087c5390cd78c5b2e280d2d1e03e61e4af72dcbb38754cc3eace5b', '2026-11-25 19:09:11.096453+00:00');
CREATE TABLE common_room.known_addresses ("sync" VARCHAR, "key" VARCHAR, "source_id" BIGINT, "person" VARCHAR, "email_hash" VARCHAR, "noted_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.known_addresses ("sync", "key", "source_id", "person", "email_hash", "noted_at") VALUES
('activities', '["posted_message","a0"]', 1, 'c0', '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:09:13.873150+00:00'),
('activities', '["posted_message","a1"]', 1, 'c1', '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:09:13.873150+00:00'),
('activities', '["posted_message","a2"]', 1, 'c2', 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:09:16.992509+00:00'),
('activities', '["posted_message","a3"]', 1, 'c3', '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', '2026-11-25 19:09:16.992509+00:00'),
('activities', '["posted_message","a4"]', 1, 'c4', 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', '2026-11-25 19:09:16.992509+00:00'),
('contact_notes', '0', NULL, NULL, '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:09:23.849955+00:00'),
('contact_notes', '1', NULL, NULL, '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:09:23.849955+00:00'),
('contact_notes', '2', NULL, NULL, 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:09:23.849955+00:00'),
('contact_notes', '3', NULL, NULL, 'e788ea2014693dcdb86767aceb3860a432fc626c6477a6c53016aff40726842b', '2026-11-25 19:09:23.849955+00:00'),
('contacts', 'c0', 1, 'c0', '146097767970817eca5567a1939f3bd6abba40f769bf58a593cbd822e3a8f6a7', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c1', 1, 'c1', '18c0922f0e3b9e9e84a5ded2ff107ab7cc938e72dd9f9c8db6baa701b734623d', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c2', 1, 'c2', 'e2a200cfd44d978ed24d94fde24085049e3d4b2e95cd893029cedaff65e591e1', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c3', 1, 'c3', '232920ff25d6faeb821ec83fd16af1a8a1f983620698e8cdd01c7f58cd1845c3', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c4', 1, 'c4', 'b2c900f8edb57d1bcbccf901edfc4f955480a6c5a853d159ce3052c542d313dd', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c5', 1, 'c5', '5222d91ba2087c5390cd78c5b2e280d2d1e03e61e4af72dcbb38754cc3eace5b', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c5', 1, 'c5', '88107030a5150d5c67105b423fb44666dd5fa09779b6d22b04f5e6a2084562b1', '2026-11-25 19:09:10.216779+00:00'),
('contacts', 'c7', 1, 'c7', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c8', 1, 'c8', 'bee5776fd42f60ff0df01fe8dec143fd7149c522f0143fba2eb045aa3a92be91', '2026-11-25 19:09:05.567407+00:00'),
('contacts', 'c9', 1, 'c9', '259a7d89e02b225c75a1b78f07d8ab0ca9e704e0d5ae34ba635098657d896a54', '2026-11-25 19:09:05.567407+00:00');
CREATE TABLE common_room.room_activity_types ("id" VARCHAR, "name" VARCHAR, "display_name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.room_activity_types ("id", "name", "display_name", "read_at") VALUES
('answered_form_survey', 'answered_form_survey', 'Answered survey', '2026-11-25 19:09:32.087406+00:00'),
('attended_event', 'attended_event', 'Attended event', '2026-11-25 19:09:32.087406+00:00'),
('attended_webinar', 'attended_webinar', 'Attended webinar', '2026-11-25 19:09:32.087406+00:00'),
('completed_training', 'completed_training', 'Completed training', '2026-11-25 19:09:32.087406+00:00'),
('downloaded_content', 'downloaded_content', 'Downloaded content', '2026-11-25 19:09:32.087406+00:00'),
('link', 'link', 'Link', '2026-11-25 19:09:32.087406+00:00'),
('opened_support_ticket', 'opened_support_ticket', 'Opened support ticket', '2026-11-25 19:09:32.087406+00:00'),
('posted_message', 'posted_message', 'Posted message', '2026-11-25 19:09:32.087406+00:00'),
('registered_for_webinar', 'registered_for_webinar', 'Registered for webinar', '2026-11-25 19:09:32.087406+00:00'),
('requested_demo', 'requested_demo', 'Requested demo', '2026-11-25 19:09:32.087406+00:00'),
('signed_up', 'signed_up', 'Signed up', '2026-11-25 19:09:32.087406+00:00'),
('started_training', 'started_training', 'Started training', '2026-11-25 19:09:32.087406+00:00'),
('started_trial', 'started_trial', 'Started trial', '2026-11-25 19:09:32.087406+00:00'),
('used_product', 'used_product', 'Used product', '2026-11-25 19:09:32.087406+00:00');
CREATE TABLE common_room.room_custom_fields ("id" BIGINT, "name" VARCHAR, "type" VARCHAR, "multivalue" BOOLEAN, "accepted_values" VARCHAR, "writable" BOOLEAN, "read_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.room_custom_fields ("id", "name", "type", "multivalue", "accepted_values", "writable", "read_at") VALUES
(12001, 'Plan', 'enum', false, '["Free", "Team", "Business", "Enterprise"]', true, '2026-11-25 19:09:32.087406+00:00'),
(12002, 'Products used', 'enum', true, '["Analytics", "Automations", "Connectors", "Dashboards", "API"]', true, '2026-11-25 19:09:32.087406+00:00'),
(12003, 'Account owner', 'string', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12004, 'Renewal date', 'date', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12005, 'Seats', 'int', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12006, 'Health score', 'number', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12007, 'CRM record', 'url', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12008, 'Marketing opt-in', 'boolean', false, NULL, true, '2026-11-25 19:09:32.087406+00:00'),
(12009, 'Teams', 'string', true, NULL, true, '2026-11-25 19:09:32.087406+00:00');
CREATE TABLE common_room.room_segments ("id" BIGINT, "name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.room_segments ("id", "name", "read_at") VALUES
(12010, 'Champions', '2026-11-25 19:09:32.087406+00:00'),
(12014, 'Trial sign-ups', '2026-11-25 19:09:32.087406+00:00'),
(12019, 'Event guests', '2026-11-25 19:09:32.087406+00:00');
CREATE TABLE common_room.room_segment_statuses ("segment_id" BIGINT, "id" BIGINT, "name" VARCHAR, "read_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.room_segment_statuses ("segment_id", "id", "name", "read_at") VALUES
(12010, 12011, 'Identified', '2026-11-25 19:09:32.087406+00:00'),
(12010, 12012, 'Contacted', '2026-11-25 19:09:32.087406+00:00'),
(12010, 12013, 'Engaged', '2026-11-25 19:09:32.087406+00:00'),
(12014, 12015, 'New', '2026-11-25 19:09:32.087406+00:00'),
(12014, 12016, 'Qualified', '2026-11-25 19:09:32.087406+00:00'),
(12014, 12017, 'Converted', '2026-11-25 19:09:32.087406+00:00'),
(12014, 12018, 'Lost', '2026-11-25 19:09:32.087406+00:00'),
(12019, 12020, 'Invited', '2026-11-25 19:09:32.087406+00:00'),
(12019, 12021, 'Confirmed', '2026-11-25 19:09:32.087406+00:00'),
(12019, 12022, 'Attended', '2026-11-25 19:09:32.087406+00:00');
CREATE TABLE common_room.room_tags ("id" VARCHAR, "name" VARCHAR, "description" VARCHAR, "entity_types" VARCHAR, "created_at" TIMESTAMP WITH TIME ZONE, "read_at" TIMESTAMP WITH TIME ZONE);
INSERT INTO common_room.room_tags ("id", "name", "description", "entity_types", "created_at", "read_at") VALUES
('12023', 'customer', 'Has a paid plan', 'member, activity, company', '2026-11-25 19:08:59.055000+00:00', '2026-11-25 19:09:32.087406+00:00'),
('12024', 'prospect', 'Talks with sales', 'member, activity, company', '2026-11-25 19:08:59.055000+00:00', '2026-11-25 19:09:32.087406+00:00'),
('12025', 'community', 'Takes part in the community', 'member, activity, company', '2026-11-25 19:08:59.055000+00:00', '2026-11-25 19:09:32.087406+00:00'),
('12026', 'Tag 0', 'What 0', 'member', '2026-11-25 19:09:20.515000+00:00', '2026-11-25 19:09:32.087406+00:00'),
('12027', 'Tag 1', 'What 1', 'member', '2026-11-25 19:09:20.567000+00:00', '2026-11-25 19:09:32.087406+00:00'),
('12028', 'Tag 2', 'What 2', 'member', '2026-11-25 19:09:20.588000+00:00', '2026-11-25 19:09:32.087406+00:00');
CREATE TABLE common_room.pii_removals ("request_id" VARCHAR, "source_hash" VARCHAR, "email_hash" VARCHAR, "email" VARCHAR, "status" VARCHAR, "requested_at" TIMESTAMP WITH TIME ZONE, "seen_at" TIMESTAMP WITH TIME ZONE, "submitted_at" TIMESTAMP WITH TIME ZONE, "due_at" TIMESTAMP WITH TIME ZONE, "check_at" TIMESTAMP WITH TIME ZONE, "checked_at" TIMESTAMP WITH TIME ZONE, "verified_at" TIMESTAMP WITH TIME ZONE, "offers" INTEGER, "attempts" INTEGER, "retry_at" TIMESTAMP WITH TIME ZONE, "http_status" INTEGER, "reason_code" VARCHAR, "message" VARCHAR, "lifted_at" TIMESTAMP WITH TIME ZONE, "lifted_reason" VARCHAR, "run_id" VARCHAR);
INSERT INTO common_room.pii_removals ("request_id", "source_hash", "email_hash", "email", "status", "requested_at", "seen_at", "submitted_at", "due_at", "check_at", "offers", "attempts", "http_status", "run_id") VALUES
('r1', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', '032e7bfddac15bfcb9e82d552c8c24a8c77182f76c53ba8450cf5bafdf824e93', 'person7@example.com', 'submitted', '2026-03-01 00:00:00+00:00', '2026-11-25 19:09:26.522466+00:00', '2026-11-25 19:09:27.293426+00:00', '2026-12-10 19:09:27.293426+00:00', '2026-11-26 19:09:27.293426+00:00', 0, 1, 200, '184aca74be054c2f8a913ebdf89b3a47');
CREATE VIEW common_room.rejected_rows AS
SELECT sync, key, "partition", status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM common_room.sync_ledger WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL;
