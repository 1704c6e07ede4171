"""What the documents and examples show is what the program prints."""

import doctest
import re
from pathlib import Path

import pytest
from shown import ROOT, Shown, examples, output_of, printed, sessions

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
SESSIONS = [(document, session) for document in DOCUMENTS for session in sessions(document)]


@pytest.mark.parametrize(("document", "session"), SESSIONS, ids=[session[0].command for _, session in SESSIONS])
def test_a_document_shows_what_its_commands_print(document: Path, session: list[Shown]) -> None:
    """Each command in a console fence prints what stands below it."""
    outputs = printed(session, document.parent)

    assert outputs == [shown.output for shown in session]


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example.relative_to(ROOT)))
def test_an_example_prints_its_expected_output(example: Path) -> None:
    """Each example prints what the file beside it holds."""
    output = output_of(example)

    assert output == example.with_suffix(".out").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_python_in_a_document_prints_what_is_shown(document: Path) -> None:
    """The Python sessions of a document are doctests."""
    results = doctest.testfile(str(document), module_relative=False)

    assert results.failed == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_fence_of_a_document_is_of_a_kind_that_is_checked(document: Path) -> None:
    """Console and Python fences are run here, `sh` fences by CI; `text` holds what is no command."""
    kinds = re.findall(r"^```(\w*)\n", document.read_text("utf-8"), re.MULTILINE)
    unchecked = set(kinds) - {"console", "python", "sh", "text", ""}

    assert not unchecked


def test_every_example_has_a_line_in_the_readme() -> None:
    """An example that nobody can find shows nothing."""
    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [example.name for example in examples() if example.name not in readme]

    assert not missing
