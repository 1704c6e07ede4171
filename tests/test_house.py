"""The house: what each file may import, and what only `cli` does; the design's table, held by reading the code."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bpcli

ROOT = Path(bpcli.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

ROWS = [
    {"errors"},
    {"graph"},
    {"numbers"},
    {"ops"},
    {"layers", "backprop"},
    {"language"},
    {"check"},
    {"flow", "train", "bulk"},
    {"report"},
    {"cli"},
]
ROW_OF = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
FRONTS = {"__init__.py", "__main__.py"}  # they hand out what the rooms have
TELL_THE_VERSION = {"cli/keeping.py", "cli/main.py", "cli/submissions.py", "report/catalogue.py", "report/documents.py"}
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "numpy": (
        "numbers/",
        "check/functions/",
        "language/arrays.py",
        "language/data_tables.py",
        "language/npy.py",
        "language/spreadsheets.py",
    ),
    "mpmath": ("numbers/",),
    "sympy": ("numbers/",),
    "safetensors": ("language/weights.py", "report/saved.py", "train/checkpoints.py"),
    "rich": ("report/tables.py",),
    "matplotlib": ("report/pictures.py",),
    "click": ("cli/",),
}
READ_OR_WRITE_FILES = {
    "check/functions/child/folders.py",  # of a child process, to remove them
    "language/values.py",
    "language/npz.py",
    "report/documents.py",
    "report/files.py",
    "report/grades/journal.py",
    "train/checkpoints.py",
}

STANDARD_STREAMS = {"sys.stdin", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
MAY_USE_STREAMS = {"language/values.py": {"sys.stdin"}}
ENDS = {"exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit"}
UNSAFE = {"eval", "exec", "compile", "sympify", "parse_expr", "lambdify", "__import__"}
UNSAFE_MODULES = {"pickle", "shelve", "marshal", "dill", "joblib"}
MOST_LINES = 350
MOST_LINES_OF_A_FUNCTION = 50


def place(path: Path) -> str:
    """A file's place in the package."""
    return path.relative_to(ROOT).as_posix()


every_file = pytest.mark.parametrize("path", FILES, ids=place)


def room_of(name: str) -> str:
    """The room of a file or of a module below `bpcli`."""
    return name.replace("/", ".").split(".")[0]


def tree_of(path: Path) -> ast.Module:
    """The file as Python reads it."""
    return ast.parse(path.read_text("utf-8"), place(path))


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Each module that a file imports, anywhere in it, written `package.module.name` where a name is taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(node: ast.AST) -> str:
    """A name or an attribute as it is typed, `sys.stdout`; nothing for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def words_of(tree: ast.Module) -> set[str]:
    """Every name and every dotted name that a file uses or imports."""
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    return used | set(imports_of(tree))


def places_of_consoles(tree: ast.Module) -> set[str]:
    """Where Rich's consoles write: to a file that they are given, or to standard output."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and dotted(node.func) == "Console"]
    return {"file" if any(word.arg == "file" for word in call.keywords) else "standard output" for call in calls}


def test_the_rooms_are_those_of_the_table() -> None:
    """Every folder and every lone file has its row."""
    rooms = {room_of(place(path)) for path in FILES if place(path) not in FRONTS}

    assert rooms <= set(ROW_OF)


@every_file
def test_a_file_imports_from_its_room_and_the_rows_above(path: Path) -> None:
    """Data flows one way: text, graph, gradient graph, values, steps, report."""
    if place(path) in FRONTS:
        return
    room = room_of(place(path))
    imported = [name.partition(".")[2] for name in imports_of(tree_of(path)) if room_of(name) == "bpcli"]
    below = [
        name
        for name in imported
        if room_of(name) != room and ROW_OF.get(room_of(name), len(ROWS)) >= ROW_OF[room]
        if name != "__version__" or place(path) not in TELL_THE_VERSION
    ]

    assert below == []


@every_file
def test_third_party_libraries_stay_in_their_rooms(path: Path) -> None:
    """NumPy, mpmath and SymPy are at home in `numbers`, Rich in `report/tables`, Click in `cli`.

    The values of tensors are NumPy's too, and safetensors reads and writes one kind of their files; there is no other.
    """
    roots = {name.split(".")[0] for name in imports_of(tree_of(path))} - sys.stdlib_module_names - {"bpcli"}

    assert [root for root in roots if not place(path).startswith(THIRD_PARTY.get(root, ("nowhere",)))] == []


@every_file
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    """Every other room returns what it has to say. `language/values` reads standard input."""
    if place(path).startswith("cli/") or place(path) in FRONTS:
        return
    tree = tree_of(path)
    words = words_of(tree)
    prints = {word for word in words if word == "print" or word.endswith(".print")}
    if places_of_consoles(tree) == {"file"}:
        prints.discard("console.print")  # Rich's way to write a text

    assert prints | (words & ENDS) | (words & STANDARD_STREAMS) - MAY_USE_STREAMS.get(place(path), set()) == set()


@every_file
def test_files_are_touched_in_few_places(path: Path) -> None:
    """Files of values are read in `language/values` and `language/npz`, the schemas that ship in `report/documents`.

    Results are written by `report/files`.
    """
    words = words_of(tree_of(path))
    touching = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir"}
    touched = {word for word in words if word.rpartition(".")[2] in touching and word != "os.open"}

    assert place(path) in READ_OR_WRITE_FILES or touched == set()


@every_file
def test_no_text_becomes_code(path: Path) -> None:
    """User text reaches neither Python's parser nor SymPy's, and nothing is unpickled."""
    tree = tree_of(path)
    words = {word.rpartition(".")[2] if word != "re.compile" else "" for word in words_of(tree)}

    assert words & UNSAFE == set()
    assert {name.split(".")[0] for name in imports_of(tree)} & UNSAFE_MODULES == set()


@every_file
def test_a_file_can_be_read_at_a_sitting(path: Path) -> None:
    """No file is longer than 350 lines, no function longer than 50."""
    tree = tree_of(path)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION]

    assert long == []
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@every_file
def test_a_module_says_what_it_is_for(path: Path) -> None:
    """Each file begins with a docstring."""
    said = ast.get_docstring(tree_of(path))

    assert said


def test_the_public_names_are_sorted_and_exist() -> None:
    """`bpcli.__all__` lists what can be imported, in order, and nothing else is handed out."""
    names = bpcli.__all__

    assert names == sorted(names)
    assert all(getattr(bpcli, name) is not None for name in names)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = bpcli.nonsense


def test_the_types_ship() -> None:
    """`py.typed` tells type checkers to read the annotations, and the schemas stand beside the code."""
    beside = {place(path) for path in ROOT.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    assert {"py.typed", "report/schemas/grad.json"} <= beside


def test_the_rules_can_be_broken() -> None:
    """The readers above see an import inside a function, a printing method and a stream under its dotted name."""
    tree = ast.parse(
        "def f():\n    from numpy import sin\n    console.print(1)\n    sys.stdout.write('')\n    eval('1')"
    )

    assert list(imports_of(tree)) == ["numpy.sin"]
    assert {"console.print", "sys.stdout", "eval"} <= words_of(tree)
