"""What the command answers in JSON: read strictly, held against the schemas that ship; and requests, one a line."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Never

from command import Done, call
from jsonschema import Draft202012Validator

from bpcli.report.documents import schema_text

GOOD = '{"id": 1, "expression": "x*y", "at": {"x": 2, "y": 3}}'
# Lines that no command can use: the kind of the error, a part of its message and a part of its hint.
UNUSABLE = [
    ("nonsense", "usage", "the request is not JSON", "every request is a JSON object"),
    ("[" * 100_000, "usage", "the request is not JSON", "every request is a JSON object"),
    ('["x"]', "usage", "the request is not a JSON object", "every request is a JSON object"),
    ("{}", "usage", "no 'expression'", "every request is a JSON object"),
    ('{"expression": "x", "at": [1]}', "usage", "'at' of the request is no object", "every request is"),
    ('{"expression": "sine(x)", "at": {"x": 1}}', "parse", "unknown function 'sine'", "did you mean 'sin'?"),
    ('{"expression": "x*y", "at": {"x": 1}}', "binding", "no value for y", 'add to "at": "y": …'),
    ('{"expression": "x"}', "binding", "no value for x", 'add to "at": "x": …'),
    ('{"expression": "x", "at": {"x": 1, "q": 2}}', "binding", "value for 'q'", "its variables are x"),
    ('{"expression": "x", "at": {"x": 1e999}}', "binding", "the value of x is not finite", "finite points"),
    ('{"expression": "x", "at": {"x": null}}', "binding", "the value of x is null", "one real number"),
    ('{"expression": "x", "at": {"x": 1}, "with_respect_to": ["q"]}', "binding", "'q'", "its variables are x"),
]


@cache
def validator(command: str) -> Draft202012Validator:
    """The schema that ships for a command's documents, which is a schema."""
    schema = json.loads(schema_text(command))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def strict(text: str) -> dict[str, Any]:
    """One line of JSON, which has no NaN and no key twice."""

    def refuse(constant: str) -> Never:
        raise ValueError(constant)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    assert text.count("\n") == 1
    found: dict[str, Any] = json.loads(text, parse_constant=refuse, object_pairs_hook=unique)
    return found


def valid_for(command: str, text: str) -> dict[str, Any]:
    """One line of JSON that keeps to the schema of a command."""
    found = strict(text)
    validator(command).validate(found)
    return found


def answered_by(command: str, lines: Iterable[str], *options: str) -> Done:
    """What a command answers these lines by `--requests -`."""
    return call(command, "--requests", "-", *options, stdin="".join(f"{line}\n" for line in lines))


def documents(done: Done) -> list[dict[str, Any]]:
    """The answers to requests, each on a line of its own."""
    assert done.out.endswith("\n")
    return [json.loads(line) for line in done.out.removesuffix("\n").split("\n")]
