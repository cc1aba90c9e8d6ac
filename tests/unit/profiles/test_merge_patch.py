"""JSON Merge Patch: the cases that RFC 7396 lists in its appendix A, on objects."""

import json
from copy import deepcopy

import pytest

from profiles import read_json
from profiles.patch import PatchFailed, apply, read_merge_patch
from profiles.patch.merge_patch import perform
from profiles.resource import as_object


@pytest.mark.parametrize(
    ("target", "document", "merged"),
    [
        ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
        ('{"a":"b"}', '{"a":null}', "{}"),
        ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
        ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
        ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
        ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
        ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
        ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
        ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    ],
)
def test_a_merge_is_as_the_standard_lists_it(target: str, document: str, merged: str) -> None:
    before = read_json(target.encode())
    kept = deepcopy(before)
    assert perform(before, as_object(read_json(document.encode()))) == json.loads(merged)
    assert before == kept


def test_type_and_id_stay() -> None:
    with pytest.raises(PatchFailed, match="cannot change id"):
        apply(read_merge_patch({"id": None}), {"resourceType": "Patient", "id": "a"})
