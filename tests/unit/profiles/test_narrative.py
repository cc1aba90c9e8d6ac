"""TRUST T-105: a narrative that could run, load or disguise something is refused."""

import pytest

from profiles.rules.narrative import narrative_problem

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


@pytest.mark.parametrize(
    "inner",
    [
        "雪見 太郎 様",
        "<p>血圧 <b>128/76</b></p><ul><li>朝</li><li>夕</li></ul>",
        '<table class="grid"><tr><td colspan="2">処方</td></tr></table>',
        'a&nbsp;&lt;b&gt; &copy;<br/><hr/><span style="color: #333; font-weight: bold">太字</span>',
        '<a href="https://hospital.example/doc?id=1">文書</a> <a href="#top">上へ</a> <a href="Patient/1">本人</a>',
        '<img src="#picture" alt="創部"/>',
        "<!-- generated --><p>本文</p>",
    ],
)
def test_ordinary_narrative_is_accepted(inner: str) -> None:
    assert narrative_problem(f"<div {XHTML}>{inner}</div>") == ""


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        "<SCRIPT>alert(1)</SCRIPT>",
        '<img src="x.png" onerror="alert(1)"/>',
        '<p onclick="alert(1)">x</p>',
        '<iframe src="https://evil.example"></iframe>',
        '<form action="/x"><input name="a"/></form>',
        '<object data="x"/>x',
        '<embed src="x"/>x',
        '<base href="https://evil.example/"/>x',
        '<meta http-equiv="refresh" content="0"/>x',
        '<link rel="stylesheet" href="https://evil.example/a.css"/>x',
        "<style>*{display:none}</style>x",
        '<svg xmlns="http://www.w3.org/2000/svg"><g>x</g></svg>',
        "<math><mtext>x</mtext></math>",
        "<noscript>x</noscript>",
        "<template>x</template>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JaVaScRiPt:alert(1)">x</a>',
        '<a href=" javascript:alert(1)">x</a>',
        '<a href="java&#9;script:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="vbscript:x">x</a>',
        '<a href="//evil.example">x</a>',
        '<img src="data:image/svg+xml;base64,PHN2Zy8+"/>',
        '<img src="https://evil.example/who-reads.gif"/>',
        '<p style="background: url(https://evil.example)">x</p>',
        '<p style="width: expression(alert(1))">x</p>',
        '<p style="-moz-binding: x">x</p>',
        '<p style="background: u\\72l(x)">x</p>',
        '<svg:script xmlns:svg="http://www.w3.org/2000/svg">x</svg:script>',
        '<p xmlns="http://www.w3.org/2000/svg">x</p>',
        "<!--><img src=x onerror=alert(1)>-->x",
        "<![CDATA[<img src=x onerror=alert(1)>]]>x",
        "<?php echo 1 ?>x",
        "<p>not closed",
        "<br>not XHTML",
        "&undefined;",
        "",
        "   ",
    ],
)
def test_anything_that_runs_loads_or_disguises_is_refused(inner: str) -> None:
    assert narrative_problem(f"<div {XHTML}>{inner}</div>") != ""


@pytest.mark.parametrize(
    "div",
    [
        "plain text",
        "<p>not a div</p>",
        "<div>one</div><div>two</div>",
        '<!DOCTYPE div [<!ENTITY x "y">]><div>&x;</div>',
        '<!DOCTYPE div SYSTEM "file:///etc/passwd"><div>x</div>',
        '<?xml version="1.0"?><div>x</div>',
        "<div>\ud800</div>",
    ],
)
def test_anything_but_one_div_is_refused(div: str) -> None:
    assert narrative_problem(div) != ""
