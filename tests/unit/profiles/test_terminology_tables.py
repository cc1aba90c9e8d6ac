"""The tables of codes say what the code says: nothing is missing from them, and nothing is called twice."""

from collections import Counter

from consent.vocabulary import CLEARABLE, NATIONAL_TAGS, ORGANISATION_KINDS, PROFESSIONS, SOURCE_ONLY, SPACES
from hub.projections.professions import PROFESSIONS as CALLED
from hub.web.words import SCENES
from profiles import category_names
from profiles.canonical import INFORMATION_CATEGORY, LABEL, ORGANISATION_KIND, PROFESSION, SCENE, SPACE
from profiles.definitions import definitions
from profiles.terminology import code_systems, value_sets


def codes(url: str) -> set[str]:
    return set(code_systems()[url].concepts)


def test_our_code_systems_have_the_words_that_rules_are_written_in() -> None:
    assert codes(SPACE) == set(SPACES)
    assert codes(PROFESSION) == PROFESSIONS
    assert codes(ORGANISATION_KIND) == ORGANISATION_KINDS
    assert codes(SCENE) == set(SCENES)
    assert codes(INFORMATION_CATEGORY) == set(category_names())
    assert codes(LABEL) == (CLEARABLE - {"R", "V"}) | NATIONAL_TAGS | {SOURCE_ONLY}


def test_professions_are_called_as_on_the_pages() -> None:
    assert {code: one.display for code, one in code_systems()[PROFESSION].concepts.items()} == CALLED


def test_every_value_set_of_a_required_binding_is_there_with_all_of_its_codes() -> None:
    for name, by_system in definitions()["valueSets"].items():
        [found] = [one for one in value_sets().values() if one.id == name and not one.is_own]
        assert Counter(found.codes) == Counter((system, code) for system, some in by_system.items() for code in some)


def test_every_code_has_a_name_and_a_place() -> None:
    for system in code_systems().values():
        for concept in system.concepts.values():
            assert concept.display, (system.url, concept.code)
            assert concept.parent == "" or concept.parent in system.concepts
    for one in value_sets().values():
        assert all(code in code_systems()[system].concepts for system, code in one.codes if system in code_systems())


def test_no_two_definitions_have_one_id() -> None:
    for kind in (code_systems(), value_sets()):
        assert [id_ for id_, number in Counter(one.id for one in kind.values()).items() if number > 1] == []
