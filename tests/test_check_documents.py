"""Documents of `bpcli check`: strict JSON in one envelope, valid against the schema that ships, in all their keys."""

import json
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from answers import valid_for, validator
from command import call, run
from hypothesis import given, settings
from hypothesis import strategies as st

import bpcli
from bpcli.check.functions.checking import check_callee
from bpcli.check.functions.passes.local import local_callee
from bpcli.language.generators import inputs_from
from bpcli.ops import REGISTRY
from bpcli.report.check_documents import check_document, undecided_document
from bpcli.report.documents import json_text, schema_text
from bpcli.report.explanations import LEVELS, Release
from bpcli.report.function_documents import function_document

HEAD = ["schema", "version", "status"]
ANSWER = [*HEAD, "verdict", "expression", "inputs", "value", "gradients", "claims", "warnings"]
CLAIMED = [*ANSWER[:-1], "first_wrong", "warnings"]
WITHOUT_POINT = [key for key in CLAIMED if key not in ("value", "gradients")]
EVERY_STEP = [*ANSWER[:-1], "checked_steps", "warnings"]
ERROR = [*HEAD, "error"]
ERROR_IN_TEXT = [*HEAD, "expression", "error"]
FINITE = st.floats(-1e6, 1e6)

LAYER = {"W": [[1, -2], [0.5, 3]], "x": [2, -1]}
CHAIN = {"x": 6, "y": -2, "z": -3}
STUDENT = tuple(Release("student", level) for level in LEVELS)
STAFF = (Release(),)

# An expression, its point, claims, options: together they have every key that a document can have.
QUESTIONS: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("A = x*y; F = A*z", CHAIN, (), {}),
    ("A = x*y; F = A*z", CHAIN, (), {"every_step": True}),
    ("x -> Linear(1) -> MSELoss(t)", {"x": [[1, 2]], "t": [[3]]}, (), {}),
    ("A = x*y; F = A*z", CHAIN, {"x": 6, "y": 18, "z": -12}, {}),
    (
        "A = x*y; F = A*z",
        CHAIN,
        ["value(A)=12", "F=1", "A=-3", "local(A, x)=-2", "contribution(A, x)=6", "value(F)=-36"],
        {},
    ),
    ("A = x*y; F = A*z", CHAIN, ["x=y*z", "y=x+z"], {"every_step": True}),
    ("A = x*y; F = A*z", CHAIN, ["x=6.1"], {"relative_tolerance": 0.1}),
    ("sin(x)**2", {}, ["x=sin(2*x)"], {}),
    ("sin(x)**2", {}, ["x=sin(x)"], {}),
    ("sin(x)**2", {"x": 0.3}, ["x=0.5"], {}),
    ("abs(x)**3", {"x": 0.7}, ["x=3*x*abs(x)"], {}),
    ("log(-x**2)", {}, ["x=2/x"], {}),
    ("relu(x)", {"x": 0}, (), {"every_step": True}),
    ("relu(x)", {"x": 0}, {"x": 0.25}, {}),
    ("relu(x)", {"x": 0}, {"x": 3}, {}),
    ("relu(x) - relu(-x)", {"x": 0}, {"x": 1}, {}),
    ("max(x, y)", {"x": 1, "y": 1}, {"x": 1, "y": 1}, {}),
    ("relu(sqrt(x)**2 - 2)", {"x": 2}, {"x": 1}, {}),
    ("relu(sqrt(x)**2 - 2)", {"x": 2}, (), {}),
    ("where(x > 0, x, -x)", {"x": 0.5}, (), {"every_step": True}),
    ("1/x", {"x": 0}, (), {"every_step": True}),
    ("1/x", {"x": 0}, {"x": 1}, {}),
    ("sqrt(x)", {"x": 0}, (), {}),
    ("sqrt(x)*x", {"x": 0}, (), {}),
    ("floor(x)", {"x": 2}, {"x": 0}, {}),
    ("(x**2 - 1)/(x - 1)", {"x": 1.0000001}, (), {}),
    ("exp(x)", {"x": 1000}, {"x": 1.5}, {}),
    ("x*1e308*y", {"x": 10, "y": 1}, {"x": 1}, {}),
    ("a = x*y; b = a*a; b*z", {"x": 2, "y": 3, "z": 4}, ["a=49", "x=144", "value(b)=36", "value(a)=6"], {}),
    ("2 + 3", {}, (), {"every_step": True}),
    ("x", {"x": 1}, {"x": 1}, {"every_step": True}),
    ("y = W @ x; L = sum(y**2)", LAYER, (), {"every_step": True}),
    ("y = W @ x; L = sum(y**2)", LAYER, ["x=[6, 28]", "W[0,1]=3", "value(y)=[4, -2]", "W=8*W"], {}),
    ("y = W @ x; L = sum(y**2)", LAYER, {"y": [8, 4], "W": [[16, -8], [8, -4]]}, {}),
    ("relu(W @ x)", LAYER, {"x": [1, -2]}, {"seed": [1, 0]}),
    ("log(x)", {"x": [1, -1]}, (), {"seed": [1, 1]}),
    ("sum(relu(x))", {"x": [0, 1, 2]}, {"x": [0.3, 1, 2]}, {}),
]
NAMED = ("claims", "inputs", "gradients", "at", "counts", "verdicts")
valid = partial(valid_for, "check")


def written(question: tuple[str, dict[str, Any], Any, dict[str, Any]], releases: tuple[Release, ...]) -> Iterator[Any]:
    """The documents of a question, as they are written and read back."""
    expression, at, claims, options = question
    result = bpcli.check_expression(expression, at, claims, **options)
    for release in releases:
        yield valid(json_text(check_document(result, release)) + "\n")


def keys_of(document: Any, path: str = "") -> Iterator[str]:
    """Every key of a document with the keys above it; names of variables and claims are `*`."""
    if isinstance(document, dict):
        for key, value in document.items():
            is_name = path.rpartition(".")[2] in NAMED or path.endswith("equality.points[]")
            place = f"{path}.{'*' if is_name else key}"
            yield place
            yield from keys_of(value, path if key == "worst" else place)  # an entry is told as a single number is
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value, f"{path}[]")


def keys_in(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every key that a schema names, in the same form."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for key, value in schema.get("properties", {}).items():
        yield f"{path}.{key}"
        if key != "worst":
            yield from keys_in(value, definitions, f"{path}.{key}")
    if isinstance(schema.get("additionalProperties"), dict):
        yield f"{path}.*"
        yield from keys_in(schema["additionalProperties"], definitions, f"{path}.*")
    if "items" in schema:
        yield from keys_in(schema["items"], definitions, f"{path}[]")


# The envelope --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "status", "keys"),
    [
        (("x*y", "--x=6", "--y=-2"), 0, "ok", ANSWER),
        (("x*y", "--x=6", "--y=-2", "--claim=x=-2"), 0, "ok", CLAIMED),
        (("x*y", "--x=6", "--y=-2", "--claim=x=2"), 1, "ok", CLAIMED),
        (("x*y", "--x=6", "--y=-2", "--every-step"), 0, "ok", EVERY_STEP),
        (("x*y", "--claim=x=y"), 0, "ok", WITHOUT_POINT),
        (("x*y", "--claim=x=x"), 1, "ok", WITHOUT_POINT),
        (("relu(sqrt(x)**2 - 2)", "--x=2"), 4, "ok", ANSWER),
        (("1/x", "--x=0"), 3, "nonfinite", ANSWER),
        (("sqrt(x)", "--x=0", "--claim=x=1"), 3, "nonfinite", CLAIMED),
        (("2 + 3",), 0, "ok", ANSWER),
        (("x * sine(y)",), 2, "error", ERROR_IN_TEXT),
        (("x*y", "--x=1"), 2, "error", ERROR),
        (("x", "--x=1", "--claim=q=1"), 2, "error", ERROR),
        (("x", "--x=1", "--claim=x"), 2, "error", ERROR),
        (("x", "--jsno"), 2, "error", ERROR),
        (("x", "--x=1", "--hint-level=all"), 2, "error", ERROR),
        (("x*y*z*w", "--max-operators=1"), 2, "error", ERROR_IN_TEXT),
        ((), 2, "error", ERROR),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_every_answer_is_one_envelope(arguments: tuple[str, ...], code: int, status: str, keys: list[str]) -> None:
    """Answers and errors are strict JSON on one line, valid, with these keys in this order, and the same exit code."""
    done = call("check", *arguments, "--json")
    found = valid(done.out)

    assert (done.code, done.err, call("check", *arguments, "-q").code) == (code, "", code)
    assert (found["schema"], found["version"], found["status"]) == ("bpcli.check/1", bpcli.__version__, status)
    assert list(found) == keys


def test_the_answer_of_the_lecture() -> None:
    """The whole document of a claim that has lost its sign."""
    arguments = ("A = x*y; F = A*z", "--x=6", "--y=-2", "--z=-3", "--claim=x=6", "--claim=y=18")
    found = valid(call("check", *arguments, "--json").out)

    def numbers(number: float) -> dict[str, object]:
        three = {"backpropagation": number, "sympy": number, "differences": number}
        return three | {"sympy_how": "whole", "differences_how": "whole", "error": 0.0, "relative_difference": 0.0}

    assert found == {
        "schema": "bpcli.check/1",
        "version": bpcli.__version__,
        "status": "ok",
        "verdict": "differ",
        "expression": "A = x*y; F = A*z",
        "inputs": {"x": 6.0, "y": -2.0, "z": -3.0},
        "value": 36.0,
        "gradients": {"x": 6.0, "y": -18.0, "z": -12.0},
        "claims": {
            "x": {"verdict": "agree", "claimed": 6.0, "claim": "6", **numbers(6.0), "ratio": 1.0},
            "y": {"verdict": "differ", "claimed": 18.0, "claim": "18", **numbers(-18.0), "ratio": -1.0}
            | {
                "look_at": ["A → y"],
                "causes": [{"kind": "sign", "steps": ["F → A", "A → y"], "text": "a sign lost in -3 * 6"}],
            },
        },
        "first_wrong": "y",
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("usage", ("x", "--no-such-option")),
        ("parse", ("x*",)),
        ("parse", ("x", "--x=1", "--claim=x=2*")),
        ("binding", ("x*y", "--x=1")),
        ("limit", ("x*y", "--max-characters=2")),
        ("time limit", ("sin(x)**2", "--claim=x=sin(2*x)", "--time-limit=1e-6")),
    ],
)
def test_an_error_is_of_a_kind(kind: str, arguments: tuple[str, ...]) -> None:
    """Programs tell errors apart by their kind."""
    found = valid(call("check", *arguments, "--json").out)

    assert found["error"]["kind"] == kind


def test_an_error_says_which_text_it_points_into() -> None:
    """The span counts characters of the expression that stands beside it."""
    found = valid(call("check", "x * sine(y)", "--json").out)

    assert (found["expression"], found["error"]) == (
        "x * sine(y)",
        {"kind": "parse", "message": "unknown function 'sine'", "hint": "did you mean 'sin'?", "span": [4, 8]},
    )


# Keys and the schema -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: " ".join(map(str, question)))
def test_every_document_keeps_to_the_schema(question: tuple[str, dict[str, Any], Any, dict[str, Any]]) -> None:
    """For staff and for students of every level, at every kind of verdict."""
    found = list(written(question, (*STAFF, *STUDENT)))

    assert len({document["verdict"] for document in found}) == 1
    assert len({tuple(document["claims"]) for document in found}) == 1


def test_every_key_of_the_schema_occurs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the schema describes is what is written: each key is there for some expression, and no other."""
    schema = json.loads(schema_text("check"))
    found: set[str] = set()
    for question in QUESTIONS:
        for document in written(question, (*STAFF, *STUDENT)):
            found |= set(keys_of(document))
    monkeypatch.setattr(REGISTRY["sin"], "partials", lambda m, _out, x: (-m.cos(x),))
    for document in written(("sin(x)", {"x": 1}, (), {"every_step": True}), STAFF):
        found |= set(keys_of(document))
    cut = bpcli.check_expression("x*x*x", {"x": 2}, every_step=True)
    found |= set(keys_of(check_document(cut, most_steps=1, head={"id": 1})))
    found |= set(keys_of(undecided_document("time limit of 1 seconds", "x", {"id": 1})))
    found |= set(keys_of(valid(call("check", "x*", "--json").out)))
    functions = check_callee(
        local_callee(lambda x: x**2, lambda x: 3 * x),
        [(inputs_from({"x": "normal(N)"}, seed), seed) for seed in (0, 1)],
    )
    for release in (*STAFF, *STUDENT):
        found |= set(keys_of(valid(json_text(function_document(functions, release)) + "\n")))
    broken = check_callee(local_callee(lambda x: x / 0), [({"x": 1.0}, None)])
    found |= set(keys_of(valid(json_text(function_document(broken)) + "\n")))
    in_schema = set(keys_in(schema, schema["$defs"]))

    assert (in_schema - found, found - in_schema) == (set(), set())


def test_every_verdict_and_outcome_occurs() -> None:
    """The list above meets each word that the schema allows."""
    documents = [document for question in QUESTIONS for document in written(question, STAFF)]
    entries = [entry for document in documents for entry in document["claims"].values()]

    assert {entry["verdict"] for entry in entries} == {"agree", "kink", "undecided", "differ", "unevaluable"}
    assert {document["verdict"] for document in documents} == {"agree", "kink", "undecided", "differ", "unevaluable"}
    assert {entry["accepted_as"] for entry in entries if "accepted_as" in entry} == {
        "derivative",
        "convention",
        "between",
    }
    assert {entry["equality"]["outcome"] for entry in entries if "equality" in entry} == {
        "proved",
        "agrees",
        "differs",
        "unknown",
    }
    for how in ("sympy_how", "differences_how"):
        assert {entry[how] for entry in entries} <= {"whole", "step by step"}


def test_the_schema_refuses_what_is_no_document() -> None:
    """Not everything is valid: a missing verdict, an unknown one, a bare NaN, a key of an entry that there is not."""
    right = valid(call("check", "x*y", "--x=1", "--y=2", "--claim=x=2", "--json").out)
    entry = right["claims"]["x"]
    wrong = [
        {key: value for key, value in right.items() if key != "verdict"},
        {**right, "verdict": "right"},
        {**right, "status": "fine"},
        {**right, "schema": "bpcli.grad/1"},
        {**right, "value": "nan"},
        {**right, "claims": {"x": {**entry, "verdict": None}}},
        {**right, "claims": {"x": {**entry, "colour": "red"}}},
        {**right, "claims": {"x": {**entry, "accepted_as": "nearly"}}},
        {**right, "claims": {"x": {**entry, "differences": "2"}}},
        {**right, "status": "error"},
    ]

    assert validator("check").is_valid(right)
    assert [document for document in wrong if validator("check").is_valid(document)] == []


def test_what_is_said_of_a_student_is_said_of_staff() -> None:
    """Released to students a document has fewer keys and the same verdicts, and more keys at a higher level."""
    for question in QUESTIONS:
        staff, where, kind, cause = (set(keys_of(document)) for document in written(question, (*STAFF, *STUDENT)))

        assert where <= kind
        assert where <= cause
        assert {key for key in cause | kind if not key.endswith((".family", ".kind"))} <= staff
        assert not {".value", ".gradients", ".claims.*.differences", ".claims.*.ratio"} & (where | kind | cause)


# Numbers and characters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "at", "value", "gradient"),
    [
        ("1/x", {"x": 0}, "Infinity", "-Infinity"),
        ("x/x", {"x": 0}, "NaN", "NaN"),
        ("exp(x)", {"x": 1000}, "Infinity", "Infinity"),
        ("-exp(x)", {"x": 1000}, "-Infinity", "-Infinity"),
    ],
)
def test_a_number_that_json_lacks_is_a_string(expression: str, at: dict[str, float], value: str, gradient: str) -> None:
    """NaN and the infinities are strings, on which arithmetic fails loudly."""
    done = call("check", expression, *[f"--{name}={number}" for name, number in at.items()], "--json")
    found = valid(done.out)

    assert (found["value"], found["claims"]["x"]["backpropagation"]) == (value, gradient)
    assert found["gradients"] == {"x": gradient}


@settings(max_examples=25)
@given(FINITE, FINITE, FINITE)
def test_numbers_come_back_to_the_bit(x: float, y: float, claimed: float) -> None:
    """Inputs, claims and gradients are the shortest decimals that read back as the same numbers."""
    result = bpcli.check_expression("x*y", {"x": x, "y": y}, {"x": claimed})
    found = valid(json_text(check_document(result)) + "\n")
    entry = found["claims"]["x"]

    assert (found["inputs"], found["gradients"]) == ({"x": x, "y": y}, {"x": y, "y": x})
    assert (entry["claimed"], entry["claim"]) == (claimed, repr(claimed))
    assert (entry["backpropagation"], entry["differences"]) == (y, y)
    assert (
        math.isclose(float(entry["ratio"]), claimed / y, rel_tol=1e-15, abs_tol=1e-320) if y else "ratio" not in entry
    )


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("name", ["é", "变量", "𝑥"])
def test_json_is_utf8_in_every_locale(encoding: str, name: str) -> None:
    """What a program reads is UTF-8 and JSON, whatever the locale can write."""
    done = run("check", f"{name}*2", f"--set={name}=3", "--json", env={"PYTHONIOENCODING": encoding})

    assert (done.code, done.err) == (0, "")
    assert list(valid(done.out)["claims"]) == list(
        valid(call("check", f"{name}*2", f"--set={name}=3", "--json").out)["claims"]
    )


def test_the_schema_that_is_printed_is_the_one_that_ships() -> None:
    """`bpcli schema check` prints it as it is."""
    done = call("schema", "check")

    assert (done.code, done.out) == (0, schema_text("check"))
    assert json.loads(done.out)["$id"] == "bpcli.check/1"
