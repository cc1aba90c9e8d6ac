"""Whatever happens to a care plan file on its way: converted or refused with a place, and always the same."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.careplan import convert
from connectors.careplan.layouts import Layout, codes, layouts
from connectors.conversion import ConversionError, Converted, SourceContext
from profiles import validate, write_json
from profiles.resource import as_object, objects

SAMPLES = Path(__file__).parents[2] / "connectors/careplan/samples"
FILES = [path.read_bytes() for path in sorted(SAMPLES.glob("*.CSV"))]
EXAMPLES = settings(max_examples=150, deadline=None)
_VALUES = {
    "version": ["202407"],
    "insurer": ["019990"],
    "insured": ["0000100011", "H123456789"],
    "date": ["20261101", "20240229"],
    "date-or-zeros": ["00000000"],
    "consultation": ["20260520", "202605"],
    "month": ["202611"],
    "month-or-zeros": ["000000", "202612"],
    "time": ["0000", "2359", "2400", "0930"],
    "time-or-9999": ["9999", "0000", "2400", "0930"],
    "number": ["0", "-1", "999999999", "007"],
    "decimal": ["10.00"],
    "office": ["0171200018", "0171200026"],
    "service": ["152341", "171007", "ZZ9999"],
    "kind": ["2A"],
    "days": ["1" * 31],
}
_TEXT = st.text('あ漢髙﨑①ｶＡA0, "\n\r\t\u3000', max_size=12)


def _source(file_name: str | None) -> SourceContext:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return SourceContext("kyotaku", "居宅介護支援事業所なごみ", None, "0171200018", now, file_name=file_name)


def _attempt(data: bytes, file_name: str | None = None) -> Converted | None:
    try:
        return convert(data, _source(file_name))
    except ConversionError as refusal:
        if refusal.line < 1 or refusal.column < 1:
            raise AssertionError(f"a refusal without a place: {refusal}") from refusal
        return None


def _rows(layout: Layout) -> st.SearchStrategy[str]:
    cells = []
    for column in layout.columns:
        known = st.sampled_from([*codes(column.codes)] if column.codes else _VALUES.get(column.form, ["9"]))
        filled = _TEXT.map(lambda text: text.replace('"', '""')) if column.form == "text" else known
        cells.append(filled if column.required else st.just("") | filled)
    return st.tuples(*cells).map(lambda row: ",".join(f'"{cell}"' for cell in row))


@EXAMPLES
@given(st.sampled_from(FILES), st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 4))
def test_damage_is_refused_or_harmless(file: bytes, at: int, put: bytes, cut: int) -> None:
    at %= len(file)
    damaged = file[:at] + put + file[at + cut :]
    assert _attempt(damaged) == _attempt(damaged)


@EXAMPLES
@given(st.binary(max_size=200))
def test_anything_at_all_is_refused_or_converted(data: bytes) -> None:
    _attempt(data)


@EXAMPLES
@given(st.data())
def test_whatever_the_forms_allow_becomes_valid_fhir(data: st.DataObject) -> None:
    layout = data.draw(st.sampled_from([*layouts().values()]))
    rows = data.draw(st.lists(_rows(layout), min_size=1, max_size=4))
    file_name = f"{layout.kind}_0171200018_43_0171200026_15_20261101090000.CSV"
    converted = _attempt("\r\n".join(rows).encode(), file_name)
    if converted is None:
        return
    found = [as_object(entry.get("resource")) for entry in objects(converted.bundle.get("entry"))]
    problems = [
        (one["resourceType"], issue.path, issue.text)
        for one in found
        if one
        for issue in validate(one, write_json(one))
    ]
    assert problems == []
