"""Values as TOML, in one line: what a homework file or a form of answers takes."""

from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def toml_key(name: str) -> str:
    """A key, in quotes unless it is bare."""
    return name if name and BARE.issuperset(name) else toml_value(name)


def toml_value(value: Any) -> str:
    """A number, a text, a list, or a table in one line; a number that is whole is written so."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return encode_basestring(value).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = [f"{toml_key(name)} = {toml_value(one)}" for name, one in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return repr(value).removesuffix(".0")


def comment(text: str) -> list[str]:
    """The lines of a text as comments."""
    shown = "".join([sign if sign.isprintable() or sign == "\n" else " " for sign in text.expandtabs(4)])
    return [f"# {line}".rstrip() for line in shown.splitlines()]
