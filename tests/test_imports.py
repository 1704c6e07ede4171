"""What is loaded when: a new import anywhere on these ways is a decision, made by editing the list here."""

import os
import subprocess
import sys

import pytest
from command import PATIENCE, environment, has_terminals, on_terminal

# Says on standard error what an import or a command loads beyond what Python itself has loaded when it starts.
DRIVER = """
import sys
before = set(sys.modules)
{}
sys.stderr.write("\\n".join(set(sys.modules) - before))
"""
COMMAND = DRIVER.format("from bpcli.cli.main import main\nmain(sys.argv[1:])")
# The same with what a worker does done in this process, where it can be seen.
IN_ONE_PROCESS = DRIVER.format("""
import bpcli.cli.check
from bpcli.cli.main import main
bpcli.cli.check.replies = lambda work, questions, *_, **__: map(work, questions)
main(sys.argv[1:])
""")
EXPRESSION = ("grad", "A = x*y; F = A*z", "--x", "6", "--y", "-2", "--z", "-3")
CHECKED = ("check", *EXPRESSION[1:])
CLAIMED = (*CHECKED, "--claim", "x=6", "--claim", "y=18", "--every-step")

# Modules of the standard library that take long to load, or bring many others along.
HEAVY = {
    "asyncio", "csv", "decimal", "difflib", "email", "fractions", "http", "importlib.metadata", "importlib.resources",
    "logging", "multiprocessing", "pathlib", "pickle", "random", "shutil", "ssl", "statistics", "subprocess",
    "tempfile", "tomllib", "unicodedata", "unittest", "urllib", "xml",
}  # fmt: skip

START = {"bpcli", "bpcli.cli", "bpcli.cli.main", "bpcli.cli.output", "bpcli.errors"}
GRADIENTS = {
    "bpcli.graph", "bpcli.graph.labels", "bpcli.graph.names", "bpcli.graph.node", "bpcli.graph.notation",
    "bpcli.graph.op", "bpcli.graph.order",
    "bpcli.numbers", "bpcli.numbers.evaluate", "bpcli.numbers.floats", "bpcli.numbers.special", "bpcli.numbers.stable",
    "bpcli.numbers.system",
    "bpcli.ops", "bpcli.ops.activations", "bpcli.ops.arithmetic", "bpcli.ops.domains",
    "bpcli.ops.elementary", "bpcli.ops.hyperbolic", "bpcli.ops.piecewise", "bpcli.ops.special",
    "bpcli.ops.trigonometric",
    "bpcli.backprop", "bpcli.backprop.gradients", "bpcli.backprop.sweep",
}  # fmt: skip
FUNCTIONS = {"bpcli.language", "bpcli.language.complaints", "bpcli.language.functions"}
LANGUAGE = FUNCTIONS | {
    "bpcli.language.build", "bpcli.language.conditions", "bpcli.language.expressions", "bpcli.language.limits",
    "bpcli.language.operands", "bpcli.language.operators", "bpcli.language.stack", "bpcli.language.tokens",
    "bpcli.language.values",
}  # fmt: skip
LIBRARY = {"bpcli", "bpcli.errors"} | GRADIENTS | LANGUAGE
FORMULAS = {"bpcli.graph.rows", "bpcli.graph.simplify", "bpcli.backprop.formulas", "bpcli.ops.algebra"}
ARRAYS = {
    "bpcli.graph.keys", "bpcli.graph.shapes", "bpcli.graph.sliding",
    "bpcli.numbers.arrays", "bpcli.numbers.convolution", "bpcli.numbers.matrices", "bpcli.numbers.rows",
    "bpcli.numbers.sliding", "bpcli.numbers.structure", "bpcli.numbers.sums", "bpcli.numbers.tensors",
    "bpcli.numbers.windows",
}  # fmt: skip
BEYOND_FLOATS = {"bpcli.backprop.nonfinite"} | ARRAYS | FORMULAS
DOCUMENTS = FORMULAS | {"bpcli.report", "bpcli.report.documents", "bpcli.report.formulas"}
LINES = {"bpcli.report.figures", "bpcli.report.layout", "bpcli.report.page"}
PIPE = {"bpcli.report.plain"}

ARGUMENTS = {"bpcli.cli.arguments", "bpcli.cli.inputs"}

JSON = START | LIBRARY | DOCUMENTS | ARGUMENTS | {"bpcli.cli.grad"}
CSV = JSON | {"bpcli.report.figures", "bpcli.report.spreadsheet"}
WALK = JSON | LINES | {
    "bpcli.report.backward", "bpcli.report.folding", "bpcli.report.forward", "bpcli.report.walkthrough",
}  # fmt: skip
PLAIN = WALK | PIPE
TABLE = WALK | {"bpcli.report.tables"}
CATALOGUE = {"bpcli.cli.ops", "bpcli.graph.latex", "bpcli.report.catalogue"}
NUMERIC = {"bpcli.backprop.gradients", "bpcli.graph.labels", "bpcli.numbers.evaluate"}
FAMILIES_OVER_ARRAYS = {
    "bpcli.graph.keys", "bpcli.graph.shapes", "bpcli.graph.sliding",
    "bpcli.ops.attributes", "bpcli.ops.indexing", "bpcli.ops.linear_algebra",
    "bpcli.ops.convolution", "bpcli.ops.fused", "bpcli.ops.joining", "bpcli.ops.products", "bpcli.ops.reductions",
    "bpcli.ops.shaping", "bpcli.ops.spread", "bpcli.ops.windows",
}  # fmt: skip
OPS = FAMILIES_OVER_ARRAYS | START | (GRADIENTS - NUMERIC) | FUNCTIONS | FORMULAS | LINES | PIPE | CATALOGUE
OPS |= {"bpcli.language.operators", "bpcli.report", "bpcli.report.formulas"}
OPS -= {"bpcli.language.complaints"}
SCHEMA = START | GRADIENTS | DOCUMENTS | {"bpcli.cli.schema"}

CHECKS = {
    "bpcli.numbers.balls", "bpcli.numbers.branches", "bpcli.numbers.exact", "bpcli.numbers.lifting",
    "bpcli.numbers.powers", "bpcli.numbers.symbols", "bpcli.numbers.translation",
    "bpcli.backprop.nonfinite", "bpcli.language.claims",
    "bpcli.check", "bpcli.check.asked", "bpcli.check.carried", "bpcli.check.causes", "bpcli.check.chain",
    "bpcli.check.claimed", "bpcli.check.checking", "bpcli.check.results",
    "bpcli.check.equality", "bpcli.check.findings", "bpcli.check.finite", "bpcli.check.judge", "bpcli.check.kinks",
    "bpcli.check.mistakes", "bpcli.check.nearness", "bpcli.check.oracles", "bpcli.check.own", "bpcli.check.point",
    "bpcli.check.slips", "bpcli.check.suspects", "bpcli.check.symbolic", "bpcli.check.targets",
}  # fmt: skip
CHECK_LIBRARY = LIBRARY | FORMULAS | CHECKS
WORKERS = {"bpcli.bulk", "bpcli.bulk.workers"}
CHECK = CHECK_LIBRARY | START | ARGUMENTS | WORKERS | LINES
CHECK |= {"bpcli.cli.check", "bpcli.report", "bpcli.report.explanations", "bpcli.report.formulas"}
CHECK_JSON = CHECK | {"bpcli.report.documents", "bpcli.report.check_documents"}
CHECK_PLAIN = CHECK | PIPE | {"bpcli.report.verdicts"}
ORACLES = {"mpmath", "sympy"}


def loaded(code: str, *arguments: str) -> set[str]:
    """The modules that the code loads in a new process, its standard output in a pipe."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=True,
    )
    return set(done.stderr.split("\n"))


def own(modules: set[str]) -> set[str]:
    """Those of bpcli."""
    return {name for name in modules if name.partition(".")[0] == "bpcli"}


def third_party(modules: set[str]) -> set[str]:
    """The libraries among them, by their first name.

    Click needs colorama on Windows, mpmath uses gmpy2 where there is one; `__mp_main__` is the program to its workers.
    """
    roots = {name.partition(".")[0] for name in modules}
    return roots - sys.stdlib_module_names - {"bpcli", "colorama", "gmpy2", "__mp_main__"}


NONE: dict[str, list[str]] = {"loaded, not expected": [], "expected, not loaded": []}


def differences(found: set[str], expected: set[str]) -> dict[str, list[str]]:
    """How two sets of modules differ."""
    return {"loaded, not expected": sorted(found - expected), "expected, not loaded": sorted(expected - found)}


@pytest.mark.parametrize(
    ("arguments", "expected", "heavy"),
    [
        (("--version",), START, set()),
        ((*EXPRESSION, "--json"), JSON, set()),
        (EXPRESSION, PLAIN, set()),
        (("grad", "x*y", "--json"), JSON, set()),
        ((*EXPRESSION, "--output-format=csv"), CSV, {"csv"}),
        (("ops", "tanh"), OPS, set()),
        (("schema", "grad"), SCHEMA, None),
    ],
    ids=["version", "json", "plain", "formulas", "csv", "ops", "schema"],
)
def test_a_command_loads_what_it_needs(arguments: tuple[str, ...], expected: set[str], heavy: set[str] | None) -> None:
    """No answer of numbers loads NumPy, SymPy or Rich, and JSON loads nothing that sets lines."""
    modules = loaded(COMMAND, *arguments)

    assert differences(own(modules), expected) == NONE
    assert third_party(modules) == {"click"}
    assert heavy is None or modules & HEAVY == heavy


@has_terminals
def test_a_terminal_loads_rich_and_no_mathematics() -> None:
    """A table on a terminal adds Rich and its one file, and neither NumPy nor SymPy."""
    done = on_terminal("-c", COMMAND, *EXPRESSION)
    modules = set(done.err.split("\n"))

    assert "BACKWARD" in done.out
    assert differences(own(modules), TABLE) == NONE
    assert {"click", "rich"} <= third_party(modules)
    assert third_party(modules) & {"numpy", "sympy", "mpmath"} == set()


def test_a_step_beyond_floats_loads_numpy() -> None:
    """Where Python's floats have no answer, and only there, NumPy's IEEE arithmetic is asked."""
    modules = loaded(COMMAND, "grad", "x/y", "--x", "1", "--y", "1", "--json")
    with_numpy = loaded(DRIVER.format("import bpcli\nbpcli.grad('x/y', {'x': 1, 'y': 0})"))

    assert third_party(modules) == {"click"}
    assert third_party(with_numpy) == {"numpy"}
    assert differences(own(with_numpy), LIBRARY | BEYOND_FLOATS) == NONE


def test_importing_the_package_loads_nothing() -> None:
    """`import bpcli` is free; a name is loaded when it is first used."""
    modules = loaded(DRIVER.format("import bpcli"))

    assert own(modules) == {"bpcli"}
    assert third_party(modules) == set()
    assert modules & HEAVY == set()


def test_the_library_does_not_load_the_command_line() -> None:
    """`bpcli.grad` needs neither Click nor the reports."""
    modules = loaded(DRIVER.format("import bpcli\nbpcli.grad('x*y', {'x': 2, 'y': 3})"))

    assert differences(own(modules), LIBRARY) == NONE
    assert third_party(modules) == set()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((*CHECKED, "--json"), CHECK_JSON),
        (CHECKED, CHECK_PLAIN),
        (CLAIMED, CHECK_PLAIN),
        (("check", "sin(x)**2", "--claim", "x=sin(2*x)"), CHECK_PLAIN),
    ],
    ids=["json", "plain", "claims", "formulas"],
)
def test_a_check_loads_both_oracles_and_no_numpy(arguments: tuple[str, ...], expected: set[str]) -> None:
    """What a command and its worker load: SymPy, which brings mpmath, and neither NumPy nor Rich."""
    modules = loaded(IN_ONE_PROCESS, *arguments)

    assert differences(own(modules), expected) == NONE
    assert third_party(modules) == ORACLES | {"click"}


def test_what_waits_for_a_worker_loads_no_mathematics() -> None:
    """The process that keeps the time reads the arguments; SymPy, the check and its report belong to the worker."""
    modules = loaded(COMMAND, *CLAIMED)

    assert {name.split(".")[1] for name in own(modules) - {"bpcli"}} & {"backprop", "check", "report"} == set()
    assert third_party(modules) == {"click"}
    assert "multiprocessing" in modules


def test_many_requests_load_the_oracles_once() -> None:
    """With `--requests` the process that starts the workers has loaded what all of them need, and no NumPy."""
    modules = loaded(COMMAND, "check", "--requests", os.devnull)

    assert differences(own(modules) & CHECK_LIBRARY, CHECK_LIBRARY) == NONE
    assert third_party(modules) == ORACLES | {"click"}


def test_the_library_checks_without_the_command_line() -> None:
    """`bpcli.check_expression` needs neither Click nor the reports nor another process."""
    modules = loaded(DRIVER.format("import bpcli\nbpcli.check_expression('x*y', {'x': 2, 'y': 3}, {'x': 3})"))

    assert differences(own(modules), CHECK_LIBRARY) == NONE
    assert third_party(modules) == ORACLES
    assert "multiprocessing" not in modules


def test_a_check_works_where_there_is_no_numpy() -> None:
    """Scalars need none: with NumPy out of reach the answer is the same."""
    code = "import sys\nsys.modules['numpy'] = None\nfrom bpcli.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    without, done = (
        subprocess.run(
            [sys.executable, *words, *CLAIMED], capture_output=True, env=environment(), timeout=PATIENCE, check=False
        )
        for words in (("-c", code), ("-m", "bpcli"))
    )

    assert (without.returncode, without.stdout, without.stderr) == (1, done.stdout, b"")
