"""Small wrong changes of a module, one at a time: what the tests of access must notice.

The changes are made to the syntax tree.  Left alone are docstrings, annotations, decorators, and words for people: what
is raised, and whatever is not ASCII.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from types import CodeType

_COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    **{ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt(), ast.Eq: ast.NotEq()},
    **{ast.NotEq: ast.Eq(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In()},
}
_CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}
_QUESTIONS = {"isdisjoint", "issubset", "issuperset", "startswith", "endswith"}
_SQL = [
    *[(" AND ", " OR "), (" OR ", " AND "), ("NOT ", ""), (">= ", "> "), ("<= ", "< "), ("<> ", "= "), (" = ", " <> ")],
    *[("IS NULL", "IS NOT NULL"), ("IS NOT NULL", "IS NULL"), ("> 0", ">= 0"), ("= 1", "= 0"), ("= 0", "= 1")],
]
_IS_SQL = re.compile(r"\b(AND|OR|NOT|NULL|SELECT|IN)\b|^ ?(=|<>|>=|<=) |(=|<>|>=|<=|>) ?[01]?$")
_VOCABULARY = re.compile(r"[a-z\s-]+\s[a-z\s-]+")

Change = tuple[str, ast.AST]


@dataclass(frozen=True, slots=True)
class Mutant:
    """The ``number``-th change of a file.  ``within`` is the function or class, ``what`` says the change."""

    file: str
    number: int
    line: int
    end: int
    within: str
    what: str


@dataclass(frozen=True, slots=True)
class _Site:
    """A node, and how to put another one in its place."""

    node: ast.AST
    replace: Callable[[ast.AST], None]
    within: str
    in_text: bool  # part of an f-string
    is_statement_value: bool


def mutants(file: str, source: str) -> list[Mutant]:
    """All of a file, in the order of its text."""
    numbers = count()
    return [
        Mutant(file, next(numbers), site.node.lineno, site.node.end_lineno or 0, site.within, what)  # type: ignore[attr-defined]
        for site in _sites(ast.parse(source))
        for what, _ in _changes(site)
    ]


def compiled(path: str, source: str, number: int) -> CodeType:
    """The module with its ``number``-th change."""
    tree, numbers = ast.parse(source), count()
    for site in list(_sites(tree)):
        for _, changed in _changes(site):
            if next(numbers) == number:
                site.replace(changed)
                return compile(ast.fix_missing_locations(tree), path, "exec")
    raise IndexError(number)


def _sites(node: ast.AST, within: str = "", in_text: bool = False) -> Iterator[_Site]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params", "exc", "cause"):
            continue
        if isinstance(node, ast.AnnAssign) and name == "value" and ast.unparse(node.annotation) == "TypeAlias":
            continue
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            continue
        for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            here = f"{within}.{child.name}".lstrip(".") if isinstance(child, _DEFINITIONS) else within
            text = in_text or isinstance(node, ast.JoinedStr)
            if hasattr(child, "lineno"):
                yield _Site(child, _replacer(node, name, place), here, text, isinstance(node, ast.Expr))
            yield from _sites(child, here, text and not isinstance(child, ast.FormattedValue))


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _replacer(parent: ast.AST, name: str, place: int | None) -> Callable[[ast.AST], None]:
    def replace(changed: ast.AST) -> None:
        if place is None:
            setattr(parent, name, changed)
        else:
            getattr(parent, name)[place] = changed

    return replace


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(site: _Site) -> Iterator[Change]:
    node = site.node
    if isinstance(node, ast.Constant):
        found = _of_constant(node, site.in_text)
    elif isinstance(node, ast.stmt):
        found = _of_statement(node)
    else:
        found = _of_expression(node)
    for changed in found:
        yield _told(node, changed), changed


def _told(node: ast.AST, changed: ast.AST) -> str:
    before, after = (
        _short(ast.unparse(ast.fix_missing_locations(ast.copy_location(one, node)))) for one in (node, changed)
    )
    return f"{before} → {after}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:60]} … {line[-25:]}"


def _of_constant(node: ast.Constant, in_text: bool) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and value.isascii():
        if _IS_SQL.search(value):
            for old, new in _SQL:
                if old in value:
                    yield ast.Constant(value.replace(old, new, 1))
        elif in_text:
            return
        elif _VOCABULARY.fullmatch(value):
            words = value.split()
            for word in words:
                yield ast.Constant(" ".join(other for other in words if other != word))
        elif value and " " not in value:
            yield ast.Constant(f"{value}x")


def _of_statement(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Expr | ast.Raise | ast.AugAssign | ast.Continue | ast.Break):
        yield ast.Pass()
    elif isinstance(node, ast.If | ast.While) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call):
        negated = ast.parse(ast.unparse(node)).body[0]
        assert isinstance(negated, ast.If | ast.While)
        negated.test = _not(negated.test)
        yield negated


def _of_expression(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            if type(op) in _COMPARISONS:
                ops = [*node.ops[:place], _COMPARISONS[type(op)], *node.ops[place + 1 :]]
                yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for place in range(len(node.values)):
            others = node.values[:place] + node.values[place + 1 :]
            yield others[0] if len(others) == 1 else ast.BoolOp(node.op, others)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.Add):
        yield node.left
        if not isinstance(node.op, ast.Sub):
            yield node.right
    elif isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
        yield from _without_conditions(node)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _without_conditions(node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp) -> Iterator[ast.AST]:
    for number, generator in enumerate(node.generators):
        for place in range(len(generator.ifs)):
            again = ast.parse(ast.unparse(node), mode="eval").body
            assert isinstance(again, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp)
            del again.generators[number].ifs[place]
            yield again


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        yield ast.Call(ast.Name(_CALLS[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _QUESTIONS:
        yield _not(node)


def _not(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), node)
