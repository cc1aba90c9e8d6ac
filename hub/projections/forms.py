"""The answers of a QuestionnaireResponse, question by question."""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.projections.wording import choice, plain, text_of
from profiles.resource import Resource, as_text, objects


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered question; ``link`` is its ``linkId``."""

    link: str
    question: str
    answer: str

    @property
    def text(self) -> str:
        return f"{self.question}：{self.answer}" if self.question else self.answer


def answers(form: Resource) -> Iterator[Answer]:
    """Every answered question of a form, those inside groups and below other answers included."""
    for item in objects(form.get("item")):
        given = objects(item.get("answer"))
        text = "、".join(filter(None, (text_of(choice(one, "value")) for one in given)))
        if text:
            yield Answer(as_text(item.get("linkId")), plain(as_text(item.get("text"))), text)
        yield from answers(item)
        for one in given:
            yield from answers(one)
