"""An answer as the matrix compares it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2


@dataclass(frozen=True, slots=True)
class Answer:
    """``text`` is all that was told, headers included, without the request's own number."""

    status: int
    text: str
    place: str = ""
    job: str = ""

    def without(self, *words: str) -> "Answer":
        """The same without these texts, to compare it with the answer to a question that named others."""
        text, place = self.text, self.place
        for word in words:
            if word:
                text, place = text.replace(word, "…"), place.replace(word, "…")
        return Answer(self.status, text, place)


def answer_of(response: httpx2.Response) -> Answer:
    number = response.headers.get("x-request-id", "")
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(response.headers.items()))
    text = f"{headers}\n\n{response.text}"
    place, job = (response.headers.get(name, "") for name in ("location", "content-location"))
    return Answer(response.status_code, text.replace(number, "…") if number else text, place, urlsplit(job).path)
