"""What takes long is said once, on stderr; what does not is not."""

from __future__ import annotations

import time

import pytest

from advisor.progress import progress, rows_read


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("adding") as tick:
        tick("1 + 1")
    assert capsys.readouterr() == ("", "")


def test_long_work_says_what_it_is_once(capsys: pytest.CaptureFixture[str]) -> None:
    said, deadline_s = "", time.monotonic() + 30
    with progress("adding", patience_s=0.0) as tick:
        while not said and time.monotonic() < deadline_s:
            tick("1 + 1")
            out, err = capsys.readouterr()
            assert out == ""
            said += err
    assert said + capsys.readouterr().err == "adding ...\n"


def test_work_that_fails_fails_as_it_would_have() -> None:
    with pytest.raises(ZeroDivisionError), progress("dividing", patience_s=0.0):
        _ = 1 / 0


def test_a_file_that_does_not_say_its_length_has_rows_all_the_same() -> None:
    assert rows_read(1_000_000, 0) == "1,000,000 rows"
    assert rows_read(1000, 20_000) == "1,000 of 20,000 rows"
