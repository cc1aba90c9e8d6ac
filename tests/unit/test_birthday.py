"""Birth dates as people write them."""

import pytest

from hub.web.birthday import birthday


@pytest.mark.parametrize(
    "written",
    ["1940-05-01", "19400501", "1940/5/1", "1940.5.1", "１９４０年５月１日", " 1940-05-01 ", "S15.5.1", "s150501",
     "昭和15年5月1日", "昭和１５年 ５月 １日"],
)  # fmt: skip
def test_one_day_in_many_ways(written: str) -> None:
    assert birthday(written) == "1940-05-01"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("明治45年7月29日", "1912-07-29"), ("T1.8.1", "1912-08-01"), ("H31.4.30", "2019-04-30"),
     ("令和元年5月1日", "2019-05-01"), ("R1.5.1", "2019-05-01")],
)  # fmt: skip
def test_every_era_has_its_years(written: str, meant: str) -> None:
    assert birthday(written) == meant


@pytest.mark.parametrize("written", ["", "きのう", "15.5.1", "X15.5.1", "1940-13-01", "1940", "S15", "昭和百年1月1日"])
def test_what_is_no_date_stays_as_it_is(written: str) -> None:
    assert birthday(written) == written
