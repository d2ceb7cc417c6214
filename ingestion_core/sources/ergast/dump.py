"""A MySQL dump, statement by statement: INSERT and CREATE TABLE are read, all else is skipped.

The text is looked at through a window, since one INSERT may be many megabytes long. The patterns
never give anything back (possessive), so none of them can run away.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import BinaryIO, Final, NoReturn

from ingestion_core.errors import ArchiveUnreadable
from ingestion_core.sources.ergast.archive import File
from ingestion_core.sources.ergast.tables import (
    COLUMNS,
    MAX_ROW,
    TABLE_OF,
    Arrangement,
    Damaged,
    Values,
    Wanted,
    arrange,
    damaged,
    refuse_missing,
    same,
)

_CHUNK: Final = 256 * 1024
_FLAGS: Final = re.IGNORECASE | re.DOTALL

_QUOTED = r"'(?:[^'\\]++|\\.|'')*+'"
_NAME = r"(?:`[^`]++`|[\w$]++)"
_TABLE = rf"(?:{_NAME}\s*+\.\s*+)?+({_NAME})"
_ONE = rf"(?:{_QUOTED}|NULL\b|[-+]?(?:\d++\.?\d*+|\.\d++)(?:E[-+]?\d++)?+)"

#: White space and comments; what MySQL runs only in some versions is a comment here.
_BLANK: Final = re.compile(r"(?:\s++|/\*(?:[^*]++|\*(?!/))*+\*/|(?:--|#)[^\n]*+(?:\n|$))++")
_SPACE: Final = re.compile(r"\s*+")
_INSERT: Final = re.compile(
    rf"(?:INSERT|REPLACE)\b(?:\s++(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\b)*+"
    rf"(?:\s++INTO\b)?+\s*+{_TABLE}\s*+(?:\(([^()']*+)\))?+\s*+VALUES?\b",
    _FLAGS,
)
_CREATE: Final = re.compile(
    rf"CREATE\s++TABLE\b(?:\s++IF\s++NOT\s++EXISTS\b)?+\s*+{_TABLE}\s*+"
    rf"\(((?:[^;']++|{_QUOTED})*+);",
    _FLAGS,
)
_DEFINED: Final = re.compile(r"(?:^|,)\s*+`([^`]++)`\s++\w")
_ROW: Final = re.compile(rf"\(\s*+{_ONE}(?:\s*+,\s*+{_ONE})*+\s*+\)", _FLAGS)
_VALUES: Final = re.compile(rf"({_QUOTED})|(NULL)\b|([^(),\s]++)", _FLAGS)
_SEPARATOR: Final = re.compile(r"[,;]")
_REST: Final = re.compile(rf"(?:[^;'\"`]++|{_QUOTED}|\"(?:[^\"\\]++|\\.)*+\"|`[^`]*+`)++", _FLAGS)
_ESCAPED: Final = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "Z": "\x1a"}


def read_dump(file: File, wanted: Mapping[str, Wanted]) -> Iterator[tuple[str, Values | Damaged]]:
    """The rows of the wanted tables, in the dump's order, each with its table's name.

    An INSERT without a list of columns has those of its CREATE TABLE, else the documented ones.

    Raises:
        ArchiveUnreadable: at a place that can't be parsed; at the end, naming them, when tables
            are missing.
    """
    columns: dict[str, tuple[str, ...]] = dict(COLUMNS)
    seen: set[str] = set()
    with closing(file.open()) as stream:
        text = _Window(stream, file.name)
        while text.more():
            if created := text.match(_CREATE):
                table = _table(created[1])
                if table in wanted:
                    seen.add(table)
                    columns[table] = tuple(_DEFINED.findall(created[2])) or columns[table]
            elif inserted := text.match(_INSERT):
                table = _table(inserted[1])
                if table not in wanted:
                    text.skip_statement()
                    continue
                seen.add(table)
                listed = [name.strip(" `\r\n\t") for name in (inserted[2] or "").split(",")]
                arrangement = arrange(
                    listed if inserted[2] else columns[table], wanted[table], file.name, text.line
                )
                for row in _rows(text, arrangement):
                    yield table, row
            else:
                text.skip_statement()
    refuse_missing(file.name, wanted, seen)


def _table(name: str) -> str:
    """Ours of MySQL's name: sprintResults is sprint_results; empty for one that is none of ours."""
    return TABLE_OF.get(same(name.strip("`")), "")


def _rows(text: "_Window", arrangement: Arrangement) -> Iterator[Values | Damaged]:
    while True:
        text.match(_SPACE)
        row = text.match(_ROW)
        if row is None:
            text.refuse("is no row of values")
        values = [
            _unescaped(quoted[1:-1]) if quoted else None if null else number
            for quoted, null, number in _VALUES.findall(row[0])
        ]
        yield arrangement.apply(values) or damaged(row[0], "unreadable: more values than columns")
        text.match(_SPACE)
        separator = text.match(_SEPARATOR)
        if separator is None:
            text.refuse("neither another row nor the end of the statement")
        if separator[0] == ";":
            return


def _unescaped(text: str) -> str:
    if "\\" not in text and "'" not in text:
        return text
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text)


class _Window:
    """A stretch of the dump's text, and where in the file it is."""

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream, self._file = stream, file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at, self._ended = "", 0, False
        self._line, self._column = 1, 1  # of the window's first character

    @property
    def line(self) -> int:
        return self._place()[0]

    def more(self) -> bool:
        """Whether a statement follows; white space and comments before it are passed over."""
        while True:
            # A comment that the window cuts off would be taken for a statement.
            self.match(_BLANK)
            if self._at < len(self._text):
                return True
            if self._ended:
                return False
            self._fill()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What stands here, once it can't be cut off by the window's end."""
        while True:
            found = pattern.match(self._text, self._at)
            if self._ended or (found is not None and found.end() < len(self._text)):
                break
            if len(self._text) - self._at > MAX_ROW + _CHUNK:
                break
            self._fill()
        if found is not None:
            self._at = found.end()
        return found

    def skip_statement(self) -> None:
        """Pass over everything to the next semicolon that is in no quotes."""
        while True:
            self._advance(_REST)
            if self._text.startswith(";", self._at):
                self._at += 1
                return
            if self._ended:
                self.refuse("the dump ends in the middle of a statement")
            if len(self._text) - self._at > MAX_ROW + _CHUNK:
                self.refuse("quotes that don't close")
            self._fill()

    def refuse(self, why: str) -> NoReturn:
        """Give up at this place."""
        raise ArchiveUnreadable(self._file, why, *self._place())

    def _advance(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True

    def _fill(self) -> None:
        if self._ended:
            return
        self._line, self._column = self._place()
        raw = self._stream.read(_CHUNK)
        self._ended = not raw
        try:
            more = self._decode.decode(raw, final=self._ended)
        except UnicodeDecodeError as error:
            before = self._text + bytes(error.object[: error.start]).decode()
            self._text = before[self._at :]
            self._at = len(self._text)
            self.refuse("is not UTF-8")
        self._text = self._text[self._at :] + more
        self._at = 0

    def _place(self) -> tuple[int, int]:
        """Line and column of what is looked at, from 1."""
        newlines = self._text.count("\n", 0, self._at)
        if not newlines:
            return self._line, self._column + self._at
        return self._line + newlines, self._at - self._text.rfind("\n", 0, self._at)
