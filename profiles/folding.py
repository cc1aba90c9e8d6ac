"""Text in the form in which it is searched.  Nothing here is ever stored in place of what was written."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_DASHES = re.compile("[‐‑‒–—―−﹣－]")
_WIDTH = re.compile("[\uff01-\uffee\u3000]+|[\u3041-\u30ff][\u3099\u309a]")
_SPACE = re.compile(r"\s+")
_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def plain_text(text: str) -> str:
    """Without characters that cannot be seen (zero width, direction marks, variation selectors), one kind of dash."""
    if text.isascii():
        return text
    return _DASHES.sub("-", _INVISIBLE.sub("", text))


def fold_name(text: str) -> str:
    """A name for searching: kana and letters of one width, katakana, lower case, without spaces.

    Ideographs stay as they are: 髙 is not 高, and 﨑 is not 崎.
    """
    if text.isascii():
        return _SPACE.sub("", text).lower()
    even = _WIDTH.sub(lambda run: unicodedata.normalize("NFKC", run.group()), plain_text(text))
    return _SPACE.sub("", even).translate(_KATAKANA).casefold()
