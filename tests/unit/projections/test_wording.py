"""What a coded thing is called: as its sender wrote it, where that is written as in Japan."""

import pytest

from hub.projections.wording import concept
from profiles.resource import Resource

UNCODED: Resource = {"code": "9" * 17, "display": "未標準化"}


@pytest.mark.parametrize("name", ["ＨｂＡ１ｃ（ＮＧＳＰ）", "血糖", "ﾍﾓｸﾞﾛﾋﾞﾝ"])
def test_the_senders_own_name_comes_before_that_of_a_code_for_what_has_none(name: str) -> None:
    assert concept({"text": name, "coding": [UNCODED]}) == name


def test_a_japanese_name_of_the_code_comes_before_an_english_text() -> None:
    assert concept({"text": "Glucose", "coding": [{"code": "2345-7", "display": "血糖"}]}) == "血糖"
