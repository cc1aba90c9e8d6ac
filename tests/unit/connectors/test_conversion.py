from datetime import UTC, datetime

import pytest

from connectors.conversion import ConversionError, SourceContext, decode, position

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("雪見".encode(), "雪見", "utf-8"),
        (b"\xef\xbb\xbf" + "雪見".encode(), "雪見", "utf-8"),
        ("雪見ﾊﾅ①髙".encode("cp932"), "雪見ﾊﾅ①髙", "cp932"),
        (b"abc\r\n\x1a", "abc\r\n", "utf-8"),
        (b"", "", "utf-8"),
    ],
)
def test_decode_finds_the_encoding(data: bytes, text: str, encoding: str) -> None:
    assert decode(data) == (text, encoding)


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"abc\r\nde\xfff", 2, 3),  # 0xFF is a private character in Python's CP932 and no text
        ("雪\n見".encode("cp932")[:-1], 2, 1),
        (b"a\rb\nc\r\nd\x00", 4, 2),
        ("雪\x1a見".encode("cp932"), 1, 3),
        ("雪\x85".encode(), 1, 4),
    ],
)
def test_decode_points_at_the_byte_that_is_no_text(data: bytes, line: int, column: int) -> None:
    with pytest.raises(ConversionError) as caught:
        decode(data)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_decode_takes_only_the_encodings_that_are_asked_for() -> None:
    with pytest.raises(ConversionError, match="is not utf-8 text"):
        decode("雪見".encode("cp932"), ["utf-8"])


def test_every_character_of_cp932_has_the_byte_length_that_it_was_read_from() -> None:
    for lead in (*range(0x81, 0xA0), *range(0xE0, 0xFD)):
        for trail in range(0x40, 0xFD):
            try:
                character = bytes([lead, trail]).decode("cp932")
            except UnicodeDecodeError:
                continue
            assert len(character.encode("cp932")) == 2


def test_position_counts_bytes_from_one() -> None:
    assert position(b"ab\r\ncd", 0) == (1, 1)
    assert position(b"ab\r\ncd", 5) == (2, 2)


def test_the_message_of_an_error_names_the_place() -> None:
    assert str(ConversionError("it is damaged", 7, 9)) == "line 7, column 9: it is damaged"


@pytest.mark.parametrize("patient", ["Patient/abc-1", "Patient?identifier=urn:oid:1.2|9", None])
def test_a_sender_may_name_the_patient(patient: str | None) -> None:
    assert SourceContext("pharm", "ゆきみ薬局", "0144567890", None, NOW, patient).patient == patient


@pytest.mark.parametrize(
    ("institution", "office", "patient", "now", "problem"),
    [
        ("123", None, None, NOW, "institution_number"),
        (None, "０１４４５６７８９０", None, NOW, "care_office_number"),
        (None, None, "Group/1", NOW, "patient"),
        (None, None, "Patient/1/_history/2", NOW, "patient"),
        (None, None, None, NOW.replace(tzinfo=None), "time zone"),
    ],
)
def test_a_context_of_another_form_is_refused(
    institution: str | None, office: str | None, patient: str | None, now: datetime, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        SourceContext("pharm", "ゆきみ薬局", institution, office, now, patient)
