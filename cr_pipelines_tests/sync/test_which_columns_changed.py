from cr_pipelines_tests.support.flow import Flow


def test_a_run_and_a_plan_say_which_columns_changed_in_how_many_rows(flow: Flow) -> None:
    first = flow.run()
    assert (first.changed, first.changes()) == (0, None)
    flow.sql("UPDATE common_room_contacts SET full_name = 'Grace ' || id")
    flow.sql("UPDATE common_room_contacts SET email = 'new@example.com' WHERE id = 'c1'")
    for dry_run in (True, False):
        report = flow.run(dry_run=dry_run)
        assert report.changes() == "10 changed: full_name 10, email 1"
        assert "10 changed: full_name 10, email 1" in report.summary()
    assert flow.run().changes() is None


def test_a_new_column_is_named_and_a_row_that_is_not_as_it_was_delivered_is_not_compared(flow: Flow) -> None:
    flow.run()
    flow.sql("UPDATE common_room.sync_column_hashes SET fingerprint = 'of another run' WHERE key <> 'c2'")
    flow.sql("ALTER TABLE common_room_contacts ADD COLUMN city VARCHAR")
    flow.sql("UPDATE common_room_contacts SET city = 'London'")
    assert flow.run(dry_run=True).changes() == "10 changed, of 1 compared: city 1"


def test_hashes_are_short_salted_and_of_delivered_rows_only(flow: Flow) -> None:
    flow.sql("UPDATE common_room_contacts SET full_name = 'Same', email = NULL")
    flow.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c1'")
    flow.run()
    rows = dict(flow.sql("SELECT key, hashes FROM common_room.sync_column_hashes"))
    assert len(rows) == 9
    assert "c1" not in rows
    # The same name has another hash in each row.
    assert len(set(rows.values())) == 9
    assert "Same" not in str(rows)
