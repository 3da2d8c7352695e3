"""What the reference says about things that do not describe themselves.

Goes in: nothing. Comes out: descriptions of tables, columns, statuses, reason codes and environment variables.
"""

TABLES = {
    "sync_ledger": "One row for each key of a sync: what became of it, and what was delivered.",
    "sync_runs": "One row for each run of a sync, or for each partition of a run.",
    "rejected_rows": "A view of the rows that are invalid or rejected now, with the field and the reason.",
    "sync_outcomes": "The outbox: outcomes of runs that are running or were killed, until the ledger has them.",
    "sync_intents": "Rows that are about to be sent by an operation that must not be repeated.",
    "pii_removals": "The suppression list, and what became of each privacy request.",
    "known_addresses": "Hashes of the addresses that each key was sent with.",
    "former_addresses": "Hashes of addresses that a later delivery of the same key replaced.",
    "key_spellings": "What the names in keys mean in the room, and how keys spell them.",
    "state_room": "The room and the destination source that the state schema belongs to.",
    "state_version": "A row for each version that the state schema has had.",
    "room_activity_types": "The catalog: the room's activity types.",
    "room_custom_fields": "The catalog: the room's custom fields.",
    "room_segments": "The catalog: the room's segments.",
    "room_segment_statuses": "The catalog: the statuses of each segment.",
    "room_tags": "The catalog: the room's tags.",
}

COLUMNS = {
    "sync": "Name of the sync.",
    "key": "Key of the row: its key column, or a JSON array of several. A key that contains an `@` or is long is "
    "stored as `sha256:` and a hash.",
    "partition": "Day of the source, as YYYY-MM-DD; empty for a source that is synced as a whole.",
    "fingerprint": "md5 of the row that the entry is about.",
    "delivered_fingerprint": "md5 of the row as it was delivered last.",
    "row_hash": "Fast hash of the row by the engine's own function.",
    "row_hash_version": "Which function made the row hash; after an upgrade of the engine, the fingerprint decides.",
    "status": "See [Statuses](statuses.md).",
    "attempts": "How often the row was sent in its last run, not counting 429 responses.",
    "not_found_runs": "Runs in a row in which Common Room did not have the row's contact or segment (404).",
    "http_status": "Status of the last response.",
    "reason_code": "Why the row was not delivered; see [Errors](errors.md).",
    "field": "Column that is invalid.",
    "message": "What is wrong and what to do, without the value.",
    "email_hash": "SHA-256 of the address that the row was sent with, trimmed and in lower case.",
    "suppressed_for": "Hash of the suppressed address that the row is about.",
    "first_sent_at": "When the key was delivered for the first time.",
    "last_sent_at": "When the key was last sent.",
    "sent_at": "When the row was sent.",
    "recorded_at": "When this was recorded.",
    "run_id": "The run; in Dagster, its run id.",
    "run_order": "Orders runs by their start.",
    "sequence": "Orders the outcomes of a run.",
    "absent_since": "Since when the source no longer has the key.",
    "state": "See [States of a run](statuses.md#states-of-a-run).",
    "stopped_by": "Why a run ended early.",
    "host": "Host of the run's process.",
    "process": "Process id of the run.",
    "process_started": "When the process started, so that another process with its id is not taken for it.",
    "started_at": "When the run started.",
    "heartbeat_at": "Last sign of life.",
    "finished_at": "When the run ended.",
    "suppression_version": "Version of the suppression list that the run has confirmed.",
    "resync": "The run config `resync` of the run.",
    "request_id": "Id of the privacy request. An id that contains an `@` is stored as `sha256:` and a hash.",
    "source_hash": "Hash of the request's row, to notice a correction.",
    "email": "Address of the person, only while it is needed.",
    "requested_at": "When the person asked, if the source says so.",
    "seen_at": "When cr-pipelines saw the request.",
    "submitted_at": "When Common Room accepted the removal.",
    "due_at": "15 days after that.",
    "check_at": "When the person is looked up next.",
    "checked_at": "When the person was looked up last.",
    "verified_at": "When Common Room no longer had the person.",
    "offers": "How often the request was offered to a run.",
    "retry_at": "When a failed removal is submitted again.",
    "lifted_at": "When the suppression was lifted.",
    "lifted_reason": "Why, as given to `cr-pipelines pii unsuppress`.",
    "source_id": "Destination source that the key was sent to.",
    "room_id": "Id of the room, by GET /api-token-status.",
    "room_name": "Name of the room when it was asked last.",
    "credentials_hash": "SHA-256 of the base URL and the token that were checked last.",
    "column_name": "Column of the key; empty for a mark of cr-pipelines itself.",
    "spelled": "A name as the source spells it.",
    "thing": "Id of what it names.",
    "canonical": "How keys spell it.",
    "person": "The person's id in the destination source.",
    "noted_at": "When the address was noted.",
    "replaced_at": "When another address replaced it.",
    "version": "Version of the state schema.",
    "migrated_at": "When the schema was migrated to it.",
    "package": "Version of cr-pipelines that did it.",
    "id": "The id in Common Room.",
    "name": "The name in Common Room.",
    "display_name": "The name that Common Room shows.",
    "type": "Type of the custom field.",
    "multivalue": "Whether it takes a list.",
    "accepted_values": "Values of an enum, as JSON.",
    "writable": "Whether the destination source may write it.",
    "segment_id": "The segment.",
    "description": "Description of the tag.",
    "entity_types": "What the tag may be put on.",
    "created_at": "When it was created.",
    "read_at": "When the catalog was read.",
}

ROW_STATUSES = {
    "delivered": ("Common Room accepted it.", "Resent when the row changes."),
    "invalid": (
        "It failed validation, or its key is null or duplicate.",
        "Validated again; sent once it is fixed.",
    ),
    "rejected": (
        "Common Room rejected it, or did not know its contact in `max_not_found_runs` runs.",
        "Resent when the row changes, or with `resync: failed`.",
    ),
    "failed": ("No retry succeeded.", "Resent."),
    "unknown": (
        "A note or legacy activity may or may not have arrived.",
        "Resent only if you name its key in the run config.",
    ),
    "suppressed": ("The person asked to be forgotten.", "Not sent."),
}
"""Meaning, and what the next run does."""

RUN_STATES = {
    "running": "It has not ended. A run that was killed keeps this state until the next run of the sync finds it.",
    "succeeded": "It planned and sent everything it should; rows may still be invalid, rejected or failed.",
    "stopped": "Going on could not work; `stopped_by` says why. The next run goes on from there.",
    "failed": "An error ended it; `stopped_by` names it.",
    "interrupted": "Somebody ended it, or its process was killed.",
}

REMOVAL_STATUSES = {
    "pending": "Recorded and suppressed; not submitted yet.",
    "submitted": "Common Room accepted the removal; `due_at` is 15 days later.",
    "verified": "Common Room no longer has the address.",
    "overdue": "Common Room still has the address after 15 days, or the look-up failed.",
    "not_found": "Common Room does not know the address. It is looked up again after 1, 3, 7 and 15 days.",
    "failed": "Not submitted; retried after 1 minute, 2, 4 and so on, up to once a day, without end.",
    "invalid": "No usable address. Correct the row, and the next run picks it up.",
}

REASON_CODES = {
    "announced": ("unknown", "It was announced for sending, and the run ended before a response was recorded.",
                  "Look in Common Room; to send it anyway, name its key in the run config."),
    "bad_discord": ("invalid", "Not a Discord account.", "Write `username` or `username#1234`."),
    "bad_email": ("invalid", "Not an e-mail address.", "Correct it, or make it null in the view."),
    "bad_json": ("invalid", "Text that is not JSON.", "Use a struct or list, or valid JSON."),
    "bad_profile": ("invalid", "A profile without a usable `url`.", "Give each a struct of `url` and `name`."),
    "bad_url": ("invalid", "Not a web address.", "Begin with `http://` or `https://`, without spaces."),
    "blank": ("invalid", "A required value is blank.", "Give it a value, or leave such rows out of the view."),
    "blank_key": ("invalid", "The key is blank.", "Give every row a key of its own."),
    "broken_character": ("invalid", "An unpaired surrogate.", "Fix the encoding in the source."),
    "cannot_clear": ("invalid", "A null for a field that cannot be cleared.", "Leave such rows out of the view."),
    "comma": ("invalid", "A comma, which separates entries in the API.", "Send the value without one."),
    "control_character": ("invalid", "A control character.", "Remove it in the view."),
    "duplicate_field": ("invalid", "Two entries name the same custom field.", "Keep one of them."),
    "duplicate_key": ("invalid", "Several rows have the same key.", "Keep one of each in the view."),
    "fixed_entity_types": ("invalid", "The room's tag of this name is for other things.",
                           "Give the row another name, or delete the tag in the room."),
    "found_later": ("pending", "Common Room did not know the person at first, and has them now.",
                    "Nothing; the removal is sent again."),
    "invisible_character": ("invalid", "An invisible character inside an address.", "Remove it in the source."),
    "missing": ("invalid", "A required value is null, or a privacy request has no address.",
                "Give it a value, or leave such rows out of the view."),
    "nobody": ("invalid", "A contact without any address or account.", "Give it at least one of them."),
    "not_sent": ("failed", "The run ended first.", "Nothing; the next run sends it."),
    "not_stored_yet": ("failed", "A sync sent something to the person in the last ten minutes: a 404 proves nothing.",
                       "Nothing; the removal is retried."),
    "null_key": ("invalid", "Rows without a key.", "Add one, or leave such rows out of the view."),
    "outer_blanks": ("invalid", "The name begins or ends with a blank.", "Trim it in the source."),
    "suppressed": ("suppressed", "The person asked to be forgotten.",
                   "Nothing; see [When a person comes back](../privacy.md#when-a-person-comes-back)."),
    "too_long": ("invalid", "Text over 1,000 characters, or 20,000 in prose such as `bio`.", "Shorten it in the view."),
    "unknown_type": ("invalid", "A custom field of a type that cannot be written.", "Leave the field out."),
    "unreadable": ("invalid", "Python cannot hold a value of the row.", "Cast or null it in the view."),
    "wrong_entity_type": ("invalid", "The room's tag is not for contacts.", "Use another tag."),
    "wrong_enum_value": ("invalid", "Not one of the custom field's values.", "Use a value that the message lists."),
    "wrong_type": ("invalid", "A value of another type than the field takes.", "Cast it in the view."),
    "wrong_value": ("invalid", "A value that the field cannot take.", "Change it as the message says."),
}  # fmt: skip
"""Status of the rows, meaning, fix: of the reasons that are not an error of the API."""

for _kind in ("activity_type", "custom_field", "segment", "status"):
    _thing = _kind.replace("_", " ")
    REASON_CODES[f"unknown_{_kind}"] = (
        "invalid",
        f"The room has no {_thing} of this name{' that the destination source may write' * (_kind == 'custom_field')}.",
        "Use the nearest name, which the message suggests, or create it in Common Room.",
    )
    REASON_CODES[f"ambiguous_{_kind}"] = (
        "invalid",
        f"More than one {_thing} may be meant.",
        "Give the exact name, or the id.",
    )

FIXES = {
    "CrPipelinesError": "Do what the message says.",
    "SettingsError": "Set the environment variable or resource that the message names.",
    "AlertNotSent": "Check `webhook_url` or `email`. The next tick tries again.",
    "AlreadyRunning": "Wait for the other run. A run that was killed is noticed within two minutes.",
    "NotUnsuppressed": "Do what the message says, such as waiting until the removal is verified.",
    "ServerSilent": "Check the base URL, the network and its proxy. The next run goes on from there.",
    "SourceUnusable": "Add or rename the columns that the message names.",
    "StateSchemaTooNew": "Install the version of cr-pipelines that migrated the schema, or a later one.",
    "SyncStopped": "Fix the reason that the message gives. The next run sends what is left.",
    "TakenOver": "Look at the run that took over. This one was silent for too long, such as on a suspended machine.",
    "WarehouseError": "Change what the message names: the URL, the network, a right, the view.",
    "SourceMissing": "Create the table or view, or name another source.",
    "WarehouseBusy": "Close the other process that has the file, or wait.",
}
"""What to do about the errors that are not of the API; those without an entry are like the error they derive from."""

ENVIRONMENT = {
    "COMMON_ROOM_API_TOKEN": ("Bearer token of the room.", "none"),
    "COMMON_ROOM_BASE_URL": ("Address of the API, up to and including `/community/v1`.", "the vendor's"),
    "COMMON_ROOM_DESTINATION_SOURCE_ID": ("Id of the API signal that receives contacts and activities.", "none"),
    "COMMON_ROOM_ALLOW_HTTP": (
        "1 to allow a base URL of plain `http` to another machine, which exposes token and people to the network.",
        "not allowed",
    ),
    "CR_WAREHOUSE_URL": ("The warehouse; see [Warehouses](../warehouses.md).", "that of the demo"),
    "CR_STATE_URL": ("Where the state tables are, if not in the warehouse: DuckDB or PostgreSQL.", "the warehouse"),
    "CR_STATE_SCHEMA": ("Schema of the state tables; use one per room.", "`common_room`"),
}
"""Meaning and default."""
