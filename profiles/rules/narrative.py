"""Narrative that is safe to show (FHIR R4 §2.4.0.1): XHTML of an allow-list, nothing that runs or loads.

What a browser would read differently from an XML parser (comments with brackets, CDATA, processing instructions,
foreign elements) is refused, not cleaned: a source that sends it has a problem that it should know of.
"""

import re
from html.entities import html5
from xml.parsers import expat

from profiles.resource import Json
from profiles.rules.surroundings import Place, Surroundings

XHTML = "http://www.w3.org/1999/xhtml"
_ELEMENT = re.compile(
    "a|abbr|acronym|address|b|bdo|big|blockquote|br|caption|cite|code|col|colgroup|dd|del|dfn|div|dl|dt|em|h[1-6]"
    "|hr|i|img|ins|kbd|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|ul|var"
)
_ATTRIBUTE = re.compile(
    "abbr|align|alt|axis|bgcolor|border|cellpadding|cellspacing|char|charoff|charset|cite|class|colspan|compact"
    "|datetime|dir|frame|headers|height|href|hreflang|hspace|id|lang|name|nowrap|rel|rev|rowspan|rules|scope|span"
    "|src|start|style|summary|title|type|valign|value|vspace|width|xml:lang|xml:space|xmlns"
)
_RELATIVE = r"#[^\s]*|[^\s:/?#\\][^\s:?#\\]*(?:[?#][^\s]*)?"
_PICTURE = re.compile(_RELATIVE)
_LINK = re.compile(rf"https?://[^\s]+|mailto:[^\s]+|tel:[^\s]+|{_RELATIVE}")
_STYLE = re.compile(r"url\s*\(|expression|javascript|behaviou?r|binding|import|[\\<>@]|/\*", re.IGNORECASE)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})


class _UnsafeNarrativeError(Exception):
    pass


def check_narrative(div: Json, place: Place, around: Surroundings) -> None:
    """That ``Narrative.div`` is one well-formed XHTML ``div`` of permitted elements and attributes."""
    if isinstance(div, str) and (problem := narrative_problem(div)):
        around.error((place, "div"), "narrative", problem)


def narrative_problem(div: str) -> str:
    """Why ``div`` cannot be shown, ``""`` when it can."""
    reader = _Reader()
    try:
        reader.parser.Parse(_ENTITY.sub(_as_character, div).encode("utf-8"), True)
    except _UnsafeNarrativeError as unsafe:
        return str(unsafe)
    except expat.ExpatError as malformed:
        return f"The narrative is not well-formed XHTML: {expat.ErrorString(malformed.code)}."
    except UnicodeEncodeError:
        return "The narrative contains a lone surrogate."
    return "" if reader.has_content else "The narrative has no content (txt-2)."


def _as_character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _XML_ENTITIES else html5.get(name, match[0])


class _Reader:
    def __init__(self) -> None:
        self.has_content = False
        self.depth = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.CommentHandler = self._comment
        self.parser.StartDoctypeDeclHandler = self._refuse_declaration
        self.parser.ProcessingInstructionHandler = self._refuse_instruction
        self.parser.XmlDeclHandler = self._refuse_declaration
        self.parser.StartCdataSectionHandler = self._refuse_cdata

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0 and name != "div":
            raise _UnsafeNarrativeError("The narrative must be one div.")
        self.depth += 1
        if not _ELEMENT.fullmatch(name):
            raise _UnsafeNarrativeError(f"The element {name[:40]} is not allowed in a narrative.")
        if name == "img":
            self.has_content = True
        for attribute, text in attributes.items():
            if not _ATTRIBUTE.fullmatch(attribute) or not _is_safe(attribute, text):
                raise _UnsafeNarrativeError(f"The attribute {attribute[:40]} of {name} is not allowed in a narrative.")

    def _end(self, _name: str) -> None:
        self.depth -= 1

    def _text(self, text: str) -> None:
        self.has_content = self.has_content or bool(text.strip())

    def _comment(self, text: str) -> None:
        if "<" in text or ">" in text:
            raise _UnsafeNarrativeError("A comment with brackets is not allowed in a narrative.")

    def _refuse_declaration(self, *_details: object) -> None:
        raise _UnsafeNarrativeError("A document type or XML declaration is not allowed in a narrative.")

    def _refuse_instruction(self, *_details: object) -> None:
        raise _UnsafeNarrativeError("A processing instruction is not allowed in a narrative.")

    def _refuse_cdata(self) -> None:
        raise _UnsafeNarrativeError("A CDATA section is not allowed in a narrative.")


def _is_safe(attribute: str, text: str) -> bool:
    if attribute == "xmlns":
        return text == XHTML
    if attribute in ("href", "cite"):
        return not text or bool(_LINK.fullmatch(text))
    if attribute == "src":  # a picture from elsewhere would tell its owner who reads
        return bool(_PICTURE.fullmatch(text))
    return attribute != "style" or not _STYLE.search(text)
