"""Tables in any width: no number and no name is cut, and what was left out is named."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from advisor.tables import Cells, narrowed, rich_table, whole_width

COLUMNS = ("name", "price", "memory", "note")
rows = st.lists(
    st.tuples(
        st.from_regex(r"[A-Z]{2,20}", fullmatch=True),
        st.from_regex(r"[0-9]{1,9}", fullmatch=True),
        st.from_regex(r"[0-9]{1,9}", fullmatch=True),
        st.from_regex(r"([a-z]{1,9} ){0,12}[a-z]{1,9}", fullmatch=True),
    ),
    min_size=1,
    max_size=6,
).map(tuple)


def printed(cells: Cells, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(rich_table(cells, width))
    return stream.getvalue()


@given(rows=rows, width=st.integers(60, 200))
def test_every_name_and_number_is_whole(rows: tuple[tuple[str, ...], ...], width: int) -> None:
    cells, gone = narrowed(
        Cells(columns=COLUMNS, rows=rows, right=COLUMNS[1:3]), width, ("memory",)
    )
    assert set(cells.columns) | set(gone) == set(COLUMNS)
    text = printed(cells, width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    words = text.split()
    for row in cells.rows:
        assert all(word in words for cell in row for word in cell.split())


@given(rows=rows)
def test_at_its_whole_width_each_row_is_one_line(rows: tuple[tuple[str, ...], ...]) -> None:
    cells = Cells(columns=COLUMNS, rows=rows, right=COLUMNS[1:3])
    width = whole_width(cells)
    assert narrowed(cells, width, COLUMNS)[1] == ()
    lines = [line.split() for line in printed(cells, width).splitlines()]
    assert all(" ".join(row).split() in lines for row in rows)


@given(rows=rows, width=st.integers(60, 200), more=st.integers(0, 100))
def test_a_wider_terminal_never_shows_less(
    rows: tuple[tuple[str, ...], ...], width: int, more: int
) -> None:
    cells = Cells(columns=COLUMNS, rows=rows)
    gone, later = (narrowed(cells, at, ("note", "memory"))[1] for at in (width, width + more))
    assert set(later) <= set(gone)
