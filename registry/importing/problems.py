"""What is wrong with a file, said to a person: where, what stands there, and what to do about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHOWN_VALUE = 60
MAX_SEARCHES = 100
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``row`` counts as a spreadsheet does (the header is 1); 0 is the file as a whole."""

    file: str
    row: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        place = [self.file]
        if self.row:
            place.append(f"række {self.row}")
        if self.column:
            place.append(f"kolonne {self.column}")
        quoted = f" (der står «{self.value}»)" if self.value else ""
        return f"{', '.join(place)}: {self.message}{quoted}"


def shorten(value: str) -> str:
    """``value`` on one line, short enough to quote in a message, with a dot for signs that cannot be seen."""
    line = "".join(letter if letter.isprintable() else "·" for letter in " ".join(value[:1000].split()))
    return line if len(line) <= SHOWN_VALUE else line[: SHOWN_VALUE - 1] + "…"


def sort_problems(problems: Iterable[Problem], order: dict[str, int]) -> list[Problem]:
    """By file in the order they depend on each other, then by row and column. Twins are dropped."""
    return sorted(
        dict.fromkeys(problems), key=lambda p: (order.get(p.file, -1), p.file, p.row, p.column, p.message)
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, for short lists such as column names; ``None`` if none is close."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


class Suggester:
    """Finds the code somebody probably meant among many thousands, in constant time per question.

    Two codes one edit apart share a form with a letter deleted, so an index over those forms answers
    what comparing with every code would answer, without the comparing.
    """

    def __init__(self, names: dict[str, str]) -> None:
        """``names``: code → name."""
        self.names = names
        self._index: dict[str, str] | None = None
        self._words: list[tuple[str, list[str]]] = []
        self._searches = 0
        self._cache: dict[str, str | None] = {}

    def __call__(self, word: str) -> str | None:
        """The code with that name, or one edit (or a sign such as - or _) away; ``None`` if there is none."""
        if word not in self._cache:
            self._cache[word] = self._find(word)
        return self._cache[word]

    def _find(self, word: str) -> str | None:
        if self._index is None:
            self._index = {}
            for code, name in sorted(self.names.items()):
                self._index.setdefault(name.casefold(), code)
                for form in _forms(code):
                    self._index.setdefault(form, code)
            self._words = [(code, _WORD.findall(name.casefold())) for code, name in self.names.items()]
        for form in (word.casefold(), *_forms(word)):
            if form in self._index:
                return self._index[form]
        return self._by_words(word)

    def _by_words(self, text: str) -> str | None:
        """The code whose name has every word of ``text``, or the beginning of it; the shortest if several do.

        This one does look at every name, so only a few of many questions are answered.
        """
        asked = _WORD.findall(text.casefold())
        self._searches += 1
        if len("".join(asked)) < 4 or self._searches > MAX_SEARCHES:
            return None
        fits = [
            (sum(map(len, words)), code)
            for code, words in self._words
            if all(any(word.startswith(part) for word in words) for part in asked)
        ]
        return min(fits)[1] if fits else None


def _forms(code: str) -> Iterator[str]:
    """``code`` without signs, and each way of leaving one letter out. Upper case, marked against names."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    yield f"\0{plain}"
    if len(plain) > 2:
        for i in range(len(plain)):
            yield f"\0{plain[:i]}{plain[i + 1 :]}"
