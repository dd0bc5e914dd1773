"""A mistake in how a command was typed, as one line that names the option, what was typed and what it takes.

Typer boxes such mistakes and leaves out what was typed. Newer versions carry click under a name of their own, so the one
class that is public in every version leads to the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, by whatever module


def is_plea_for_help(error: Exception) -> bool:
    """The command alone: its help is the answer."""
    return type(error).__name__ == "NoArgsIsHelpError"


def in_one_line(error: Any, typed: Sequence[str]) -> str:
    """`--rate: '13/s': input should be a valid number. Requests per second to plan for, as 13 or 0.2.`"""
    param = getattr(error, "param", None)
    if param is None:
        return f"{_middle(error.format_message())}{_help_of(error)}"
    argument = param.param_type_name == "argument"
    name = param.name if argument else max(param.opts, key=len)
    problem = _middle(error.message.removeprefix("Value error, ")).rstrip(".") or "required"
    given = "" if argument else _given(param.opts, typed)
    if given and given not in problem:
        problem = f"{given}: {problem}"
    return f"{name}: {problem}. {' '.join((getattr(param, 'help', None) or '').split())}".rstrip()


def _given(names: Sequence[str], typed: Sequence[str]) -> str:
    """What was typed for the option, the last time."""
    found = ""
    for before, after in zip(typed, [*typed[1:], ""], strict=True):
        name, given, value = before.partition("=")
        if name in names:
            found = value if given else after
    return repr(found[:40]) if found else ""


def _middle(text: str) -> str:
    """On one line, as the middle of one."""
    text = " ".join(text.split())
    return text[:1].lower() + text[1:]


def _help_of(error: Any) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    return f" (see {context.command_path} --help)"
