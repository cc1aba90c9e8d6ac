"""docs/promises.md says what the tests hold, and nothing that none holds."""

from tests.docs.promises import PAGE, PROMISES, marked, page


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "make promises"


def test_every_promise_is_held_by_a_test() -> None:
    assert set(PROMISES) - set(marked()) == set()


def test_no_test_holds_a_promise_that_nobody_made() -> None:
    assert set(marked()) - set(PROMISES) == set()
