"""The printable page of a handoff, read from the document alone: page and document cannot differ."""

from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser

from hub.projections.describe import SEXES, telephone
from hub.projections.wording import day, minute, person_name, plain
from profiles.canonical import KAIGO_INSURED_NO, NAME_REPRESENTATION
from profiles.resource import Json, Resource, as_list, as_object, as_text, objects


@dataclass(frozen=True, slots=True)
class LineView:
    """One fact, the organisation that it comes from, and its day (``2026-11-20``)."""

    text: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One of the 12 items; ``more`` is how many lines were left out."""

    number: int
    title: str
    known: bool
    lines: tuple[LineView, ...]
    more: int


@dataclass(frozen=True, slots=True)
class HandoffView:
    """``issued`` is Japan's time (``2026-11-20 10:31``); ``patient`` are (name of the field, value) pairs."""

    title: str
    issued: str
    authors: tuple[str, ...]
    patient: tuple[tuple[str, str], ...]
    items: tuple[ItemView, ...]

    @property
    def known(self) -> int:
        """How many of the items are known."""
        return sum(item.known for item in self.items)


def handoff_view(bundle: Resource) -> HandoffView:
    """The page of a document that ``handoff`` made."""
    entries = [as_object(entry.get("resource")) for entry in objects(bundle.get("entry"))]
    composition, patient = entries[0], entries[1]
    issued = as_text(composition.get("date"))
    return HandoffView(
        title=as_text(composition.get("title")),
        issued=minute(issued),
        authors=tuple(as_text(author.get("display")) for author in objects(composition.get("author"))),
        patient=tuple(patient_lines(patient, day(issued))),
        items=tuple(_item(number, one) for number, one in enumerate(objects(composition.get("section")), start=1)),
    )


def _item(number: int, section: Resource) -> ItemView:
    cells = _Cells()
    cells.feed(as_text(as_object(section.get("text")).get("div")))
    lines = tuple(LineView(*row) for row in cells.rows)
    more = cells.paragraphs[-1].removeprefix("ほか ").removesuffix(" 件")
    return ItemView(number, as_text(section.get("title")), bool(lines), lines, int(more) if more.isdecimal() else 0)


class _Cells(HTMLParser):
    """The table rows and the paragraphs of a section's narrative."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.paragraphs: list[str] = []
        self._texts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "p"):
            self._texts = self.rows[-1] if tag == "td" else self.paragraphs
            self._texts.append("")

    def handle_data(self, data: str) -> None:
        if self._texts is not None:
            self._texts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "p"):
            self._texts = None


def patient_lines(patient: Resource, today: str) -> list[tuple[str, str]]:
    """Who a person is: (name of the field, value) of what their record says; ``today`` is the day of the age."""
    born = as_text(patient.get("birthDate"))
    age = f"（{_age(born, today)}歳）" if len(born) == len("2026-11-20") else ""
    address = next(iter(objects(patient.get("address"))), {})
    insured = [
        as_text(one.get("value")) for one in objects(patient.get("identifier")) if one.get("system") == KAIGO_INSURED_NO
    ]
    lines = [
        ("氏名", person_name(patient.get("name"))),
        ("ふりがな", _kana(patient.get("name"))),
        ("生年月日", born + age),
        ("性別", SEXES.get(as_text(patient.get("gender")), "")),
        ("住所", plain(as_text(address.get("text")) or "".join(map(as_text, as_list(address.get("line")))))),
        ("電話", telephone(patient)),
        ("介護保険被保険者番号", "、".join(insured)),
    ]
    return [(name, value) for name, value in lines if value]


def _kana(names: Json) -> str:
    for name in objects(names):
        written = {
            as_text(one.get("valueCode"))
            for one in objects(name.get("extension"))
            if one.get("url") == NAME_REPRESENTATION
        }
        if "SYL" in written:
            return person_name(name)
    return ""


def _age(born: str, today: str) -> int:
    birth, now = date.fromisoformat(born), date.fromisoformat(today)
    return now.year - birth.year - ((now.month, now.day) < (birth.month, birth.day))
