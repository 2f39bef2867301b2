"""Texts from elsewhere, made safe to show, and tables."""

from __future__ import annotations

import typing
import unicodedata

_MAX_TEXT = 4096
_MAX_NAME = 255


def _steers(character: str) -> bool:
    """Control characters, line and paragraph separators, and those that turn the writing."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in (
        "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


def harmless(text: str, limit: int = _MAX_TEXT) -> str:
    """`text` with what could steer a terminal as \\xNN a byte, at most `limit` characters."""
    escaped = "".join(
        "".join("\\x%02X" % byte for byte in c.encode()) if _steers(c) else c for c in text
    )
    return escaped[:limit]


def is_name(text: str) -> bool:
    """1 to 255 bytes without control characters: what the wire takes for a name."""
    return 1 <= len(text.encode()) <= _MAX_NAME and not any(_steers(c) for c in text)


def table(header: typing.Sequence[str], rows: typing.Iterable[typing.Sequence[str]], right: str = "") -> list[str]:
    """Lines of a table. `right` has an "r" at the place of each column that is aligned right."""
    cells = [list(header)] + [list(row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        parts = [
            cell.rjust(width) if right[i : i + 1] == "r" else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(parts).rstrip())
    return lines
