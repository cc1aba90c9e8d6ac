"""RFC 7578: a form is read the same in whatever pieces it comes, and a file that is too large takes nothing with it."""

import pytest

from hub.errors import Malformed
from hub.web.multipart import MAX_PARTS, MAX_SAID, File, Reader, fields_of

BOUNDARY = b"cut"


def form(*parts: tuple[str, bytes]) -> bytes:
    lines = [b"--cut\r\nContent-Disposition: form-data; " + of.encode() + b"\r\n\r\n" + data for of, data in parts]
    return b"\r\n".join([*lines, b"--cut--\r\n"])


def read(body: bytes, size: int = 1 << 20, largest: int = 100) -> tuple[dict[str, str], File | None, int]:
    """The fields, the file, and how many bytes were said to be kept."""
    reader, kept = Reader(BOUNDARY, largest), 0
    for start in range(0, len(body), size):
        kept += reader.read(body[start : start + size])
    return (*fields_of(reader.ended()), kept)


WHOLE = form(
    ('name="why"', "ご希望\r\nです".encode()), ('name="scan"; filename="C:\\\\x\\\\紙.pdf"', b"%PDF-" + b"x" * 90),
    ('name="action"', b"check"),
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 20])
def test_the_pieces_in_which_a_form_comes_change_nothing(size: int) -> None:
    fields, file, kept = read(WHOLE, size)
    assert fields == {"why": "ご希望\nです", "action": "check"}
    assert file == File("紙.pdf", b"%PDF-" + b"x" * 90)
    assert len(WHOLE) - 100 < kept <= len(WHOLE)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_file_that_is_too_large_is_not_kept_and_the_fields_after_it_are(size: int) -> None:
    fields, file, kept = read(WHOLE, size, largest=94)
    assert fields == {"why": "ご希望\nです", "action": "check"}
    assert file == File("紙.pdf", b"", too_large=True)
    assert kept < len(WHOLE)


def test_several_files_are_kept_up_to_the_size_of_one() -> None:
    several = form(*((f'name="scan"; filename="{n}.pdf"', b"x" * 60) for n in range(3)))
    _, file, kept = read(several)
    assert file == File("2.pdf", b"", too_large=True)
    assert kept < len(several) - 120


def test_no_file_is_none() -> None:
    assert read(form(('name="scan"; filename=""', b"")))[1] is None


@pytest.mark.parametrize(
    "body",
    [
        WHOLE[:-4],
        b"no form at all",
        form(*([('name="x"', b"")] * (MAX_PARTS + 1))),
        form(('name="why"', b"x" * (MAX_SAID + 1))),
        form(('name="why"', b"\xff")),
    ],
    ids=["cut", "no form", "too many parts", "says too much", "no text"],
)
def test_what_is_no_form_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)
