"""The query language of the v1 search, from text to a tree. What it means is in `_search`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

__all__ = ["Both", "Clause", "CqlError", "Either", "Expression", "Negation", "Query", "Sort", "Value", "parse"]

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|>=|<=|=|>|<|~)
      | (?P<mark>[(),])
      | (?P<word>[^\s"'()=!<>~,]+)
      | (?P<rest>\S.*)
    )""",
    re.VERBOSE | re.DOTALL,
)
RESERVED_WORDS = (
    "after and as avg before begin by commit contains count distinct else empty end explain from having if in inner "
    "insert into is isnull left like limit max min not null or order outer right select sum then update was where"
)
RESERVED = frozenset(RESERVED_WORDS.split())


class CqlError(ValueError):
    """The text is not a query."""


@attrs.frozen
class Value:
    """A literal, or a function such as `now("-5m")` with its argument ("" if it has none)."""

    text: str
    argument: str | None = None


@attrs.frozen
class Clause:
    """A field compared with one value, or with several by `in` and `not in`."""

    field: str
    operator: str
    values: tuple[Value, ...]

    @property
    def negative(self) -> bool:
        """Whether it says what is not wanted."""
        return self.operator in {"!=", "!~", "not in"}


@attrs.frozen
class Negation:
    """`not`."""

    operand: Expression


@attrs.frozen
class Both:
    """`and`."""

    left: Expression
    right: Expression


@attrs.frozen
class Either:
    """`or`."""

    left: Expression
    right: Expression


Expression = Clause | Negation | Both | Either


@attrs.frozen
class Sort:
    """`order by`: one field."""

    field: str
    descending: bool = False


@attrs.frozen
class Query:
    """A whole query; an empty `where` finds everything."""

    where: Expression | None
    sort: Sort | None = None


@attrs.frozen
class Token:
    """A piece of the text; `kind` is a group of `TOKEN`, or `end`."""

    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        """Whether this is one of some words, in any case."""
        return self.kind == "word" and self.text.lower() in words


def parse(text: str) -> Query:
    """
    Read a query.

    `and` and `or` bind equally and from left to right; `order by` takes one field.

    Raises:
        CqlError: Not a query, or one that begins with what is not wanted.
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))

    def query(self) -> Query:
        where = None if self._next.kind == "end" or self._next.is_word("order") else self._expression()
        if isinstance(_first(where), Negation) or (isinstance(first := _first(where), Clause) and first.negative):
            raise CqlError("A query cannot begin with a negative clause")
        sort = self._sort() if self._next.is_word("order") else None
        if self._next.kind != "end":
            raise CqlError(f"Expecting 'and', 'or' or the end but got '{self._next.text}'")
        return Query(where, sort)

    def _expression(self) -> Expression:
        left = self._term()
        while self._next.is_word("and", "or"):
            join = Both if self._take().is_word("and") else Either
            left = join(left, self._term())
        return left

    def _term(self) -> Expression:
        if self._next.is_word("not"):
            self._take()
            return Negation(self._term())
        if self._next.text == "(" and self._next.kind == "mark":
            self._take()
            inner = self._expression()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._take()
        if field.kind != "word" or field.text.lower() in RESERVED:
            raise CqlError(f"Expecting a field but got '{field.text}'")
        operator = self._operator(field.text)
        if operator in {"in", "not in"}:
            return Clause(field.text.lower(), operator, self._list(field.text, operator))
        return Clause(field.text.lower(), operator, (self._value(field.text, operator),))

    def _operator(self, field: str) -> str:
        token = self._take()
        if token.kind == "operator":
            return token.text
        if token.is_word("in"):
            return "in"
        if token.is_word("not") and self._next.is_word("in"):
            self._take()
            return "not in"
        raise CqlError(f"Expecting an operator after field '{field}' but got '{token.text}'")

    def _list(self, field: str, operator: str) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value(field, operator)]
        while self._next.text == "," and self._next.kind == "mark":
            self._take()
            values.append(self._value(field, operator))
        self._expect(")")
        return tuple(values)

    def _value(self, field: str, operator: str) -> Value:
        token = self._take()
        if token.kind == "string":
            return Value(_unquoted(token.text))
        if token.kind == "word" and self._next.text == "(" and self._next.kind == "mark":
            return Value(token.text, self._argument())
        # Unquoted, a value may not be a reserved word or begin with a digit, unless it is a number.
        wrong = token.text.lower() in RESERVED or (token.text[:1].isdigit() and not token.text.isdigit())
        if token.kind != "word" or wrong:
            raise CqlError(f"Expecting a value for operator '{operator}' after field '{field}' but got '{token.text}'")
        return Value(token.text)

    def _argument(self) -> str:
        self._expect("(")
        argument = _unquoted(self._take().text) if self._next.kind == "string" else ""
        self._expect(")")
        return argument

    def _sort(self) -> Sort:
        self._take()
        if not self._take().is_word("by"):
            raise CqlError("Expecting 'by' after 'order'")
        field = self._take()
        if field.kind != "word":
            raise CqlError(f"Expecting a field after 'order by' but got '{field.text}'")
        descending = self._take().is_word("desc") if self._next.is_word("asc", "desc") else False
        return Sort(field.text.lower(), descending)

    @property
    def _next(self) -> Token:
        return self._tokens[0]

    def _take(self) -> Token:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]

    def _expect(self, mark: str) -> None:
        token = self._take()
        if token.text != mark or token.kind != "mark":
            raise CqlError(f"Expecting '{mark}' but got '{token.text}'")


def _tokens(text: str) -> Iterator[Token]:
    for match in TOKEN.finditer(text.rstrip()):
        kind = match.lastgroup or "rest"
        if kind == "rest":
            raise CqlError(f"Cannot read '{match['rest']}'")
        yield Token(kind, match[kind])
    yield Token("end", "<EOF>")


def _unquoted(string: str) -> str:
    return re.sub(r"\\(.)", r"\1", string[1:-1], flags=re.DOTALL)


def _first(expression: Expression | None) -> Expression | None:
    while isinstance(expression, Both | Either):
        expression = expression.left
    return expression
