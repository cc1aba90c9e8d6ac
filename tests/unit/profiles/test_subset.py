"""``_summary`` and ``_elements``: what is left of a resource, and that it says so."""

import json

from profiles import read_json, write_json
from profiles.resource import Resource, as_object
from profiles.subset import SUBSETTED, elements_only, summary_of

OBSERVATION = b"""{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"}]},
 "text":{"status":"generated","div":"<div/>"},"modifierExtension":[{"url":"m"}],"extension":[{"url":"e"}],
 "status":"final","code":{"text":"c"},"subject":{"reference":"Patient/p"},"valueQuantity":{"value":1.10},
 "_valueString":{"id":"v"},"note":[{"text":"n"}],
 "component":[{"code":{"text":"k"},"valueString":"v","interpretation":[{"text":"i"}]}]}"""


def observation() -> Resource:
    return as_object(read_json(OBSERVATION))


def test_a_summary_has_the_elements_that_the_standard_marks() -> None:
    left = summary_of(observation(), "true")
    assert left.keys() == {
        "resourceType",
        "id",
        "meta",
        "modifierExtension",
        "status",
        "code",
        "subject",
        "valueQuantity",
        "_valueString",
        "component",
    }
    # Backbone elements have summary elements of their own.
    assert left["component"] == [{"code": {"text": "k"}, "valueString": "v"}]
    assert b'"value":1.10' in write_json(left)


def test_text_data_and_false() -> None:
    assert summary_of(observation(), "text").keys() == {
        "resourceType",
        "id",
        "meta",
        "modifierExtension",
        "text",
        "status",
        "code",
    }
    assert observation().keys() - summary_of(observation(), "data").keys() == {"text"}
    assert summary_of(observation(), "false") == observation()


def test_elements_are_named_by_their_element_and_the_mandatory_stay() -> None:
    left = elements_only(observation(), ["value", "note"])
    assert left.keys() - {"resourceType", "id", "meta", "modifierExtension"} == {
        "status",
        "code",
        "note",
        "valueQuantity",
        "_valueString",
    }
    assert "subject" in elements_only(observation(), ["subject", "nonsense"])


def test_what_is_left_says_that_it_is_not_all() -> None:
    tags = [{"code": "t"}, SUBSETTED]
    for left in (summary_of(observation(), "data"), elements_only(observation(), ["note"])):
        assert json.loads(write_json(left["meta"])) == {"versionId": "1", "tag": tags}
        again = summary_of(left, "data")
        assert as_object(again["meta"])["tag"] == tags
    assert as_object(observation()["meta"])["tag"] == [{"code": "t"}]
