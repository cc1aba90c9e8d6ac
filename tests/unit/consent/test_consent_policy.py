"""The share table (CONSENT §2)."""

import pytest

from consent import Policy, PolicyError, default_read_rows

ROW: dict[str, object] = {"profession": "nurse", "organisation-kind": "clinic", "spaces": ["medical"]}
PUBLISH: dict[str, object] = {"publisher": "clinic", "category": "problem", "space": "medical"}
WRITE: dict[str, object] = {"kind": "pharmacy", "categories": ["dispensing", "other"]}


def test_only_what_a_row_names_is_published() -> None:
    policy = Policy.from_rows([PUBLISH], [], [])
    assert policy.spaces_published("clinic", "problem") == {"medical"}
    assert policy.spaces_published("clinic", "allergy") == frozenset()
    assert policy.spaces_published("hospital", "problem") == frozenset()


def test_a_star_stands_for_every_known_word_and_no_other() -> None:
    policy = Policy.from_rows([{**PUBLISH, "publisher": "*", "category": "*"}], [], [])
    assert policy.spaces_published("pharmacy", "acp") == {"medical"}
    for unpublished in ("other", "consent", "directory", "horoscope"):
        assert policy.spaces_published("pharmacy", unpublished) == frozenset()


def test_rows_for_one_role_are_taken_together() -> None:
    more = {**ROW, "spaces": ["team"], "exclude": ["acp"], "labels": ["HIV"]}
    reading = Policy.from_rows([], [ROW, more], []).reading("nurse", "clinic")
    assert reading.spaces == {"medical", "team"}
    assert reading.excluded == {"acp"}
    assert reading.cleared == {"HIV", "UNINFORMED", "UNDELIVERED"}


@pytest.mark.parametrize("profession", [None, "auditor", "paramedic", "physician"])
def test_a_role_without_a_row_reads_nothing(profession: str | None) -> None:
    assert not Policy.from_rows([], [ROW], []).reading(profession, "clinic").spaces


@pytest.mark.parametrize("profession", [None, "auditor", "paramedic"])
def test_some_read_nothing_even_by_a_star(profession: str | None) -> None:
    everybody = {**ROW, "profession": "*", "organisation-kind": "*"}
    policy = Policy.from_rows([], [everybody], [])
    assert not policy.reading(profession, "municipality").spaces
    assert policy.reading("clerk", "municipality").spaces


def test_the_default_readers() -> None:
    policy = Policy.from_rows([], default_read_rows(), [])
    assert policy.reading("pharmacist", "pharmacy").spaces == {"medical", "team"}
    assert policy.reading("care-manager", "care-management").spaces == {"team"}
    assert policy.reading("coordinator", "support-center").spaces == {"team"}
    assert policy.reading("municipal-care-staff", "municipality").spaces == {"team"}
    assert policy.reading("municipal-officer", "municipality").spaces == frozenset()
    assert policy.reading("physician", "fire-department").spaces == frozenset()
    assert policy.reading("care-manager", "care-management").cleared == frozenset()


def test_who_may_publish_what() -> None:
    policy = Policy.from_rows([], [], [WRITE, {"kind": "*", "categories": "update-notice"}])
    assert policy.may_write("pharmacy", "dispensing")
    assert policy.may_write("hospital", "update-notice")
    assert not policy.may_write("pharmacy", "problem")
    assert not policy.may_write("hospital", "dispensing")
    everything = Policy.from_rows([], [], [{"kind": "municipality", "categories": "*"}])
    assert everything.may_write("municipality", "problem")
    assert not everything.may_write("hospital", "problem")


@pytest.mark.parametrize(
    ("table", "row", "problem"),
    [
        ("publish", {**PUBLISH, "publisher": "castle"}, "'castle'"),
        ("publish", {**PUBLISH, "category": "other"}, "'other'"),
        ("publish", {**PUBLISH, "space": "*"}, "'*'"),
        ("publish", {"publisher": "clinic", "category": "problem"}, "space"),
        ("read", {**ROW, "profession": []}, "profession"),
        *(("read", {**ROW, "profession": one}, "must be a list of words") for one in ([1], 1, {"nurse": True})),
        ("read", {**ROW, "profession": "auditor"}, "auditor"),
        ("read", {**ROW, "organisation-kind": "castle"}, "'castle'"),
        ("read", {**ROW, "exclude": ["*"]}, "'*'"),
        ("read", {**ROW, "labels": ["SOURCE-ONLY"]}, "'SOURCE-ONLY'"),
        ("read", {**ROW, "labels": ["UNKNOWN-LABEL"]}, "'UNKNOWN-LABEL'"),
        ("read", {**ROW, "spaces": ["team"], "labels": ["UNINFORMED"]}, "UNINFORMED"),
        ("write", {**WRITE, "kind": ["pharmacy"]}, "kind"),
        ("write", {**WRITE, "categories": ["horoscope"]}, "'horoscope'"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(table: str, row: dict[str, object], problem: str) -> None:
    rows = {"publish": [PUBLISH], "read": [ROW], "write": [WRITE]}
    rows[table].append(row)
    with pytest.raises(PolicyError, match=problem) as caught:
        Policy.from_rows(rows["publish"], rows["read"], rows["write"])
    assert (caught.value.table, caught.value.row) == (table, 2)
    assert str(caught.value).startswith(f"policy.{table}, row 2: ")
