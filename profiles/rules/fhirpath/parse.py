"""FHIRPath text to a tree (FHIRPath N1, grammar in appendix B)."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|(?P<variable>[%$][A-Za-z]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)|(?P<sign><=|>=|!=|[-=<>.,()|&+\[\]]))"
)
_ESCAPE = re.compile(r"\\(.)")
_BINDS = {
    **{"implies": 1, "or": 2, "xor": 2, "and": 3, "in": 4, "contains": 4, "=": 5, "!=": 5},
    **{"<": 6, ">": 6, "<=": 6, ">=": 6, "|": 7, "is": 8, "as": 8, "+": 9, "-": 9, "&": 9},
}
Kind: TypeAlias = Literal["string", "number", "variable", "member", "call", "operation"]


class Untranslatable(ValueError):
    """The expression uses something that is not known here."""


@dataclass(frozen=True, slots=True)
class Node:
    """``text`` is the literal, the variable, the name of the member or function, or the operator.

    ``focus`` is what stands before the dot, ``of`` are the arguments or operands.
    """

    kind: Kind
    text: str
    of: tuple["Node", ...] = ()
    focus: "Node | None" = None


def parse(expression: str) -> Node:
    """The tree of an expression.  Raises ``Untranslatable``."""
    reader = _Reader(expression)
    tree = reader.operation(0)
    if reader.kind:
        raise Untranslatable(f"unexpected {reader.text!r} in {expression!r}")
    return tree


class _Reader:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.offset = 0
        self.kind: str = ""
        self.text = ""
        self.advance()

    def advance(self) -> str:
        """Go to the next token; give the text of the one that is left."""
        left = self.text
        match = _TOKEN.match(self.expression, self.offset)
        if match:
            self.kind, self.text, self.offset = match.lastgroup or "", match[match.lastgroup or 0], match.end()
        elif self.expression[self.offset :].strip():
            raise Untranslatable(f"not readable: {self.expression[self.offset :]!r}")
        else:
            self.kind = self.text = ""
        return left

    def operation(self, above: int) -> Node:
        left = self.term()
        while _BINDS.get(self.text, 0) > above and self.kind in ("sign", "name"):
            operator = self.advance()
            left = Node("operation", operator, (left, self.operation(_BINDS[operator])))
        return left

    def term(self) -> Node:
        node = self.atom()
        while self.text == ".":
            self.advance()
            node = self.named(node)
        return node

    def atom(self) -> Node:
        if self.text == "(":
            self.advance()
            inside = self.operation(0)
            self.expect(")")
            return inside
        if self.kind == "string":
            return Node("string", _ESCAPE.sub(r"\1", self.advance()[1:-1]))
        if self.kind == "number":
            return Node("number", self.advance())
        if self.kind == "variable":
            return Node("variable", self.advance())
        return self.named(None)

    def named(self, focus: Node | None) -> Node:
        if self.kind != "name":
            raise Untranslatable(f"expected a name, found {self.text!r} in {self.expression!r}")
        name = self.advance().strip("`")
        if self.text != "(":
            return Node("member", name, (), focus)
        self.advance()
        arguments: list[Node] = []
        while self.text != ")":
            arguments.append(self.operation(0))
            if self.text == ",":
                self.advance()
        self.expect(")")
        return Node("call", name, tuple(arguments), focus)

    def expect(self, sign: str) -> None:
        if self.advance() != sign:
            raise Untranslatable(f"expected {sign!r} in {self.expression!r}")
