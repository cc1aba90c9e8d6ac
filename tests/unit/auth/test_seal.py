"""Cursors say nothing, and are their owner's alone."""

import pytest

from hub.auth.seal import BrokenSeal, Seal

SEAL = Seal(b"a secret of the store")


@pytest.mark.parametrize("text", ["", "0", "12345678901234567890", "2026-11-22T03:00:00.000Z", "花" * 50])
def test_what_was_sealed_comes_back(text: str) -> None:
    assert SEAL.open(SEAL.close(text, "hosp", "feed"), "hosp", "feed") == text


def test_the_length_does_not_tell_how_far_it_is() -> None:
    assert len({len(SEAL.close(str(10**digits))) for digits in range(19)}) == 1


@pytest.mark.parametrize("bound_to", [("clinic", "feed"), ("hosp", "feed 1"), ("hosp",), ()])
def test_a_seal_is_for_one_caller_and_one_question(bound_to: tuple[str, ...]) -> None:
    with pytest.raises(BrokenSeal):
        SEAL.open(SEAL.close("7", "hosp", "feed"), *bound_to)
