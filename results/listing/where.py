"""Which rows to show, as a user writes it: "lr < 1e-3 and group_size >= 8".

The text is parsed, never run: what may stand in it are comparisons of columns with columns, numbers, text in quotes,
True and False, lists of these after `in`, and between comparisons `and`, `or`, `not` and parentheses. A column is
written as it is called, Val/Accuracy too; one whose name is no expression of Python's, as pass@1, between backticks.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trainable.contract import UserError

Values = Mapping[str, Any]
"""Of one row, by column."""

EXAMPLE = '"lr < 1e-3 and group_size >= 8"'
MOST_SHOWN = 60

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_QUOTED = re.compile(r"""('[^']*'|"[^"]*")|`([^`]*)`""")
"""Text, and a column's name between backticks."""
_NAME = "_column_{}_"
"""What stands for such a name, by the column's place among all, where Python parses the text."""

MEMBERSHIPS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.In: lambda value, among: value in among,
    ast.NotIn: lambda value, among: value not in among,
}


def parse_where(text: str, columns: Sequence[str]) -> Callable[[Values], bool]:
    """Whether a row fulfils the condition; a comparison with a value that a row does not have is not fulfilled.

    Raises:
        UserError: it is no comparison of these columns; the function it gives raises one where a row's values cannot
            be compared.
    """
    written = " ".join(text.split())

    def named(found: re.Match[str]) -> str:
        return found[0] if found[1] else _NAME.format(_index(columns, found[2]))

    source = _QUOTED.sub(named, written)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in text
            tree = ast.parse(source, mode="eval")
        return _Reader(source, columns).condition(tree.body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise UserError(f"--where {_cut(written)!r} cannot be read; write comparisons such as {EXAMPLE}") from None


def _index(columns: Sequence[str], name: str) -> int:
    if name not in columns:
        raise UserError(f"--where: there is no column {_cut(name)!r}; the columns are {', '.join(columns)}")
    return columns.index(name)


class _Reader:
    def __init__(self, source: str, columns: Sequence[str]) -> None:
        self._source, self._columns = source, columns
        self._quoted = {_NAME.format(index): column for index, column in enumerate(columns)}

    def condition(self, node: ast.expr) -> Callable[[Values], bool]:
        match node:
            case ast.BoolOp(op, parts):
                conditions = [self.condition(part) for part in parts]
                together = all if isinstance(op, ast.And) else any
                return lambda row: together(condition(row) for condition in conditions)
            case ast.UnaryOp(ast.Not(), operand):
                condition = self.condition(operand)
                return lambda row: not condition(row)
            case ast.Compare(left, comparisons, others):
                sides = [left, *others]
                if not any(self._is_column(side) for side in sides):
                    raise self._not_understood(next((side for side in sides if _reads_as_a_name(side)), node))
                pairs = [self._comparison(*pair) for pair in zip(sides, comparisons, others, strict=False)]
                return lambda row: all(pair(row) for pair in pairs)
        raise self._not_understood(node)

    def _comparison(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Callable[[Values], bool]:
        if type(comparison) in MEMBERSHIPS and isinstance(right, (ast.Tuple, ast.List, ast.Set)):
            compare, among = MEMBERSHIPS[type(comparison)], [self._literal(element) for element in right.elts]
            value = self._operand(left)
            return lambda row: value(row) is not None and compare(value(row), among)
        if type(comparison) not in COMPARISONS:
            raise self._not_understood(right)
        written = _cut(self._as_written(self._source))
        compare, one, other = COMPARISONS[type(comparison)], self._operand(left), self._operand(right)

        def holds(row: Values) -> bool:
            a, b = one(row), other(row)
            if a is None or b is None:
                return False
            try:
                return bool(compare(a, b))
            except TypeError:
                raise UserError(
                    f"--where {written!r}: {_cut(str(a))!r} and {_cut(str(b))!r} cannot be put in order; "
                    "compare text with text and numbers with numbers"
                ) from None

        return holds

    def _operand(self, node: ast.expr) -> Callable[[Values], Any]:
        if self._is_column(node):
            column = self._text(node)
            return lambda row: row.get(column)
        value = self._literal(node)
        return lambda row: value

    def _literal(self, node: ast.expr) -> float | str | bool:
        match node:
            case ast.Constant(bool() | int() | float() | str() as value):
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as number)):
                return -number
        raise self._not_understood(node)

    def _is_column(self, node: ast.expr) -> bool:
        """Val/Accuracy is parsed as a division: what counts is how it is written."""
        return isinstance(node, (ast.Name, ast.Attribute, ast.BinOp)) and self._text(node) in self._columns

    def _text(self, node: ast.expr) -> str:
        text = (ast.get_source_segment(self._source, node) or "").replace(" ", "")
        return self._quoted.get(text, text)

    def _as_written(self, source: str) -> str:
        return re.sub(r"\w+", lambda word: f"`{name}`" if (name := self._quoted.get(word[0])) else word[0], source)

    def _not_understood(self, node: ast.expr) -> UserError:
        written = _cut(self._as_written(ast.get_source_segment(self._source, node) or ""))
        unknown = _reads_as_a_name(node) and not self._is_column(node)
        what = f"there is no column {written!r}" if unknown else f"{written!r} is no comparison"
        return UserError(
            f"--where: {what}; write comparisons of columns with numbers, with 'text' in quotes or with each other, "
            f"such as {EXAMPLE}; the columns are {', '.join(self._columns)}"
        )


def _reads_as_a_name(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div) and _reads_as_a_name(node.left) and _reads_as_a_name(node.right)
    return isinstance(node, ast.Name)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
