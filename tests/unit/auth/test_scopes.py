"""SMART scopes: T-020 to T-023."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.auth import Interaction, InvalidScope, allows, grant, read_scopes

INTERACTIONS: tuple[Interaction, ...] = get_args(Interaction)
MATRIX: dict[str, set[Interaction]] = {
    "c": {"create"},
    "r": {"read", "vread", "history-instance"},
    "u": {"update", "patch"},
    "d": {"delete"},
    "s": {"search-type", "search-system", "history-type", "history-system"},
}


@pytest.mark.parametrize("letter", MATRIX)
@pytest.mark.parametrize("interaction", INTERACTIONS)
@pytest.mark.parametrize("context", ["system", "user"])
def test_t023_each_letter_allows_its_interactions_and_no_other(
    context: str, letter: str, interaction: Interaction
) -> None:
    scopes = read_scopes(f"{context}/Observation.{letter}")
    assert allows(scopes, "Observation", interaction) is (interaction in MATRIX[letter])
    assert not allows(scopes, "Patient", interaction)


def test_t023_only_a_star_reaches_every_type_and_the_whole_system() -> None:
    assert allows(read_scopes("system/*.s"), "Observation", "search-type")
    assert allows(read_scopes("system/*.s"), "*", "search-system")
    assert not allows(read_scopes("system/Observation.s"), "*", "search-system")


def test_scopes_add_up() -> None:
    scopes = read_scopes("system/*.r system/Observation.c system/Observation.s")
    assert allows(scopes, "Observation", "create")
    assert allows(scopes, "Observation", "search-type")
    assert allows(scopes, "Observation", "read")
    assert not allows(scopes, "Patient", "create")


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_a_patient_scope_allows_nothing_without_its_patient(interaction: Interaction) -> None:
    assert not allows(read_scopes("patient/*.cruds"), "Observation", interaction)


@pytest.mark.parametrize(
    ("version1", "version2"),
    [
        ("system/Observation.read", "system/Observation.rs"),
        ("user/*.write", "user/*.cud"),
        ("patient/Patient.*", "patient/Patient.cruds"),
        ("system/*.read system/*.write", "system/*.cruds"),
    ],
)
def test_t021_the_words_of_version_1_mean_exactly_their_letters(version1: str, version2: str) -> None:
    assert read_scopes(version1) == read_scopes(version2)
    assert str(read_scopes(version1)) == version2


def test_t021_read_is_not_the_letters_r_and_d() -> None:
    assert not allows(read_scopes("system/Observation.read"), "Observation", "delete")
    assert allows(read_scopes("system/Observation.rd"), "Observation", "delete")


MALFORMED = [
    "",
    " ",
    "system/Observation.dus",
    "system/Observation.sr",
    "system/Observation.rr",
    "system/Observation.R",
    "system/Observation.",
    "system/Observation",
    "system/observation.rs",
    "system/OBSERVATION.rs",
    "system/Observations.rs",
    "system/DomainResource.rs",
    "system/*.read*",
    "system/*.**",
    "system/*.reads",
    "system/*.readwrite",
    "system/Obs*.rs",
    "system/**.rs",
    "system/.rs",
    "system/Observation/1.rs",
    "system//Observation.rs",
    "/Observation.rs",
    "Observation.rs",
    "System/Observation.rs",
    "admin/Observation.rs",
    "*/Observation.rs",
    "system/Observation.rs,system/Patient.rs",
    "system/Observation.rs\n",
    "system/Observation.rs\tsystem/Patient.rs",
    "system/Observation.rs  system/Patient.rs",
    " system/Observation.rs",
    "system/Observation.rs ",
    "system/Observation.rs\x00",
    "system/Оbservation.rs",  # Cyrillic О
    "system/Observation.rѕ",  # Cyrillic ѕ
    "ｓｙｓｔｅｍ/Observation.rs",
    "system\u2215Observation.rs",
    "system/Observation.rs openid",
    "launch/patient",
    "system/Observation.rs system/Nonsense.rs",
    ("system/Observation.rs " * 3000).strip(),
]


@pytest.mark.parametrize("scope", MALFORMED, ids=lambda scope: ascii(scope)[:40])
def test_t021_what_is_misspelt_is_refused_and_never_read_as_wider(scope: str) -> None:
    with pytest.raises(InvalidScope):
        read_scopes(scope)
    with pytest.raises(InvalidScope):
        grant(scope, "system/*.cruds")


@pytest.mark.parametrize("query", ["?category=laboratory", "?patient.name=a", "?", "?code:not=1"])
def test_t022_a_scope_with_a_query_is_refused_and_says_so(query: str) -> None:
    with pytest.raises(InvalidScope, match="query part are not supported"):
        read_scopes(f"system/Observation.rs{query}")


def test_t021_the_refusal_shows_no_character_that_an_oauth_error_may_not_hold() -> None:
    with pytest.raises(InvalidScope) as refused:
        read_scopes('system/"Ｏ\\\n.rs' + "x" * 500)
    shown = str(refused.value)
    assert len(shown) < 160
    assert shown.isascii()
    assert shown.isprintable()
    assert not {'"', "\\"} & set(shown)


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("system/Observation.rs", "system/*.cruds", "system/Observation.rs"),
        ("system/*.cruds", "system/*.rs", "system/*.rs"),
        ("system/*.rs", "system/Observation.cr system/Patient.s", "system/Observation.r system/Patient.s"),
        ("system/Observation.cruds", "system/*.rs system/Observation.c", "system/Observation.crs"),
        ("system/Patient.rs system/Observation.rs", "system/Observation.rs", "system/Observation.rs"),
        ("system/*.cruds system/Patient.r", "system/*.rs", "system/*.rs"),
        ("system/*.read", "system/*.read system/*.write", "system/*.read"),
        ("system/*.*", "system/*.read", "system/*.rs"),
        ("user/Patient.r system/Patient.r", "system/*.cruds", "system/Patient.r"),
        ("patient/*.rs", "patient/Observation.rs", "patient/Observation.rs"),
    ],
)
def test_t020_what_is_granted_is_asked_for_and_registered(requested: str, registered: str, granted: str) -> None:
    assert grant(requested, registered) == granted


@pytest.mark.parametrize(
    ("requested", "registered"),
    [
        ("system/Patient.r", "system/Observation.r"),
        ("system/Patient.cud", "system/*.rs"),
        ("user/*.cruds", "system/*.cruds"),
        ("system/*.cruds", "user/*.cruds"),
        ("system/Patient.r", "patient/*.cruds"),
    ],
)
def test_t020_where_nothing_is_left_the_scope_is_invalid(requested: str, registered: str) -> None:
    with pytest.raises(InvalidScope, match="registered"):
        grant(requested, registered)


SCOPE = st.builds(
    lambda resource_type, letters: f"system/{resource_type}.{''.join(sorted(letters, key='cruds'.index))}",
    st.sampled_from(["*", "Patient", "Observation", "Condition"]),
    st.sets(st.sampled_from("cruds"), min_size=1),
)
SCOPES = st.lists(SCOPE, min_size=1, max_size=5).map(" ".join)


@given(SCOPES, SCOPES)
@settings(max_examples=200, deadline=None)
def test_t020_a_token_can_do_exactly_what_both_its_request_and_its_client_can(requested: str, registered: str) -> None:
    asked, may = read_scopes(requested), read_scopes(registered)
    try:
        granted = read_scopes(grant(requested, registered))
    except InvalidScope:
        granted = None
    for resource_type in ("*", "Patient", "Observation", "Encounter"):
        for interaction in INTERACTIONS:
            both = allows(asked, resource_type, interaction) and allows(may, resource_type, interaction)
            assert both is (granted is not None and allows(granted, resource_type, interaction))


def test_a_scope_string_is_read_once() -> None:
    assert read_scopes("system/Observation.rs") is read_scopes("system/Observation.rs")
