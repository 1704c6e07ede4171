"""`bpcli flow`: its screens at each width, what goes into a pipe, JSON, CSV, what is refused, exit codes."""

import csv
import io
import re

import pytest
from answers import valid_for
from command import ASCII, call, has_terminals, run, shown

from bpcli.flow import courses

SIGMOIDS = ("x -> Repeat(6, Linear(16), Sigmoid) -> Linear(1) -> MSELoss(t)", "--x=normal(64,3)", "--t=normal(64,1)")
RNN = ("x -> RNN(4) -> Linear(1) -> MSELoss(t)", "--x=normal(40,2)", "--t=normal(40,1)")
SCALAR = ("h1 = w*h0; h2 = w*h1; h3 = w*h2", "--w=0.5", "--h0=2")
NOT_FINITE = ("x -> Linear(1) -> MSELoss(t)", "--x=[[1e200]]", "--t=[[0]]")
QUESTIONS = {"depth": SIGMOIDS, "time": RNN, "statements": SCALAR}
questions = pytest.mark.parametrize("question", QUESTIONS.values(), ids=list(QUESTIONS))


@has_terminals
@pytest.mark.parametrize("columns", [60, 80, 100])
@questions
def test_a_screen_keeps_within_the_terminal(question: tuple[str, ...], columns: int) -> None:
    """Every section is there at every width, each row has its bar, and no line is wider than the page."""
    done = shown("flow", *question, columns=columns)

    assert (done.code, done.err) == (0, "")
    assert {"GRADIENT FLOW", "DIAGNOSIS"} <= set(re.findall(r"^[A-Z ]+[A-Z]", done.out, re.MULTILINE))
    assert "█" in done.out
    assert [line for line in done.out.split("\n") if len(line) > columns] == []


@has_terminals
def test_numbers_that_have_no_column_on_a_narrow_page_stand_below() -> None:
    """No figure of a row goes lost where the terminal is narrow."""
    wide, narrow = (shown("flow", *SIGMOIDS, columns=columns).out for columns in (100, 60))
    row = next(line for line in wide.split("\n") if "0 Linear" in line).split()

    assert f"   ‖value‖ {row[2]}, largest {row[5]}, smallest {row[6]}\n" in narrow


@has_terminals
def test_a_long_recurrence_is_cut_in_the_middle() -> None:
    """The first and the last steps stay, the cut is marked, and the hint shows all."""
    done = shown("flow", *RNN, "--max-rows", "13")
    steps = re.findall(r"^ +t=(\d+) ", done.out, re.MULTILINE)
    whole = shown("flow", *RNN, "--max-rows", "43")

    assert steps == ["1", "2", "3", "4", "5", "36", "37", "38", "39", "40"]
    assert "… 30 more\n" in done.out
    assert "--max-rows 43 shows every row" in done.out
    assert len(re.findall(r"^ +t=(\d+) ", whole.out, re.MULTILINE)) == 40


def test_a_pipe_has_every_row_and_every_digit() -> None:
    """Nothing is cut, no bar is drawn, and numbers are those of the JSON."""
    done = call("flow", *RNN)
    rows = valid_for("flow", call("flow", *RNN, "--json").out)["rows"]

    assert done.code == 0
    assert "█" not in done.out
    assert "more" not in done.out
    assert [row["gradient_norm"] for row in rows if str(row["gradient_norm"]) not in done.out] == []


def test_a_terminal_of_ascii_gets_bars_of_ascii() -> None:
    """Signs that an encoding lacks are never escapes."""
    done = run("flow", *RNN, "--output-format", "table", env=ASCII)

    assert done.code == 0
    assert done.out.isascii()
    assert "####" in done.out
    assert "\\x" not in done.out
    assert "|gradient|" in done.out


def test_the_table_agrees_with_a_recurrence_by_hand() -> None:
    """h(t) = w·h(t-1) hands back w^t: the norms are 1, 1/2, 1/4, as measured, predicted and fitted."""
    lines = call("flow", *SCALAR, "--output-format", "table").out.split("\n")
    steps = [line.split()[:4] for line in lines if re.match(r"  \d ", line)]

    assert steps == [
        ["0", "1", "1", "1"],
        ["1", "0.5", "0.5", "0.5"],
        ["2", "0.25", "0.25", "0.25"],
        ["3", *["0.125"] * 3],
    ]


def test_a_diagnosis_names_its_threshold_and_obeys_it() -> None:
    """A net that vanishes says so with evidence and remedy; with a threshold below that nothing is found."""
    found = call("flow", *SIGMOIDS)
    none = call("flow", *SIGMOIDS, "--threshold-of", "vanishing=1e-12")

    assert "  vanishing: through depth" in found.out
    assert [word for word in ("evidence", "threshold", "remedy") if f"    {word} " not in found.out] == []
    assert "vanishing = 0.0001, set by --threshold-of vanishing=VALUE" in found.out
    assert "nothing found. Looked for: not finite, " in none.out


@pytest.mark.parametrize("command", ["flow", "step"])
def test_some_parameters_are_given_and_the_others_drawn(command: str) -> None:
    """One bias kills four ReLUs; the weights beside it are drawn, which is said, and a name that is none is refused."""
    net = ("x -> Linear(8) -> ReLU -> Linear(1) -> MSELoss(t)", "--x=normal(64,3)", "--t=normal(64,1)")
    done = run(command, *net, "--set", "0.bias=[-10,-10,-10,-10,0,0,0,0]")
    wrong = run(command, *net, "--set", "0.bais=[-10,-10,-10,-10,0,0,0,0]")

    assert done.code == 0
    assert "other parameters drawn from --random-seed 0" in done.out + done.err
    assert ("4 of 8 units (units 0, 1, 2, 3) are 0" if command == "flow" else "-10, -10, -10, -10, 0") in done.out
    assert wrong.code == 2
    assert "did you mean '0.bias'?" in wrong.err


def test_json_holds_every_figure() -> None:
    """Rows, courses and diagnoses; of the inputs those that nobody drew from the seed of the parameters."""
    document = valid_for("flow", call("flow", *RNN, "--json").out)
    first, *_, last = document["rows"]
    course = document["courses"][0]

    assert document["status"] == "ok"
    assert list(document["inputs"]) == ["x", "t"]
    assert (first["layer"], first["part"], last["layer"]) == ("0 RNN", None, "MSELoss")
    assert len(course["norms"]) == len(course["log10_norms"]) == len(course["parts"]) == 40
    assert course["norms"][0] == 1
    assert {"kind", "where", "evidence", "threshold", "remedy", "limit"} == set(document["diagnoses"][0])
    assert document["diagnoses"][0]["threshold"] in document["thresholds"]


def test_csv_has_a_row_for_each_row() -> None:
    """The same figures for a spreadsheet."""
    done = call("flow", *RNN, "--output-format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    document = valid_for("flow", call("flow", *RNN, "--json").out)
    same, (course,) = document["rows"], document["courses"]

    assert [float(row["norm_in_time"]) for row in rows if row["norm_in_time"]] == course["norms"][::-1]
    assert done.err == "note: parameters drawn from --random-seed 0\n"
    assert [(row["layer"], row["part"]) for row in rows] == [(one["layer"], one["part"] or "") for one in same]
    assert [float(row["gradient_norm"]) for row in rows] == [one["gradient_norm"] for one in same]
    assert (rows[1]["largest_singular"], rows[0]["layer"]) == ("", "0 RNN")


def test_numbers_that_are_not_finite_are_words_and_exit_code_3() -> None:
    """A bar for infinity would be a lie; the diagnosis says where it began."""
    done = call("flow", *NOT_FINITE, "--output-format", "table")
    document = valid_for("flow", call("flow", *NOT_FINITE, "--json").out)

    assert done.code == 3
    assert "  not finite: forward, MSELoss" in done.out
    assert done.err.startswith("warning: ")
    assert (document["status"], document["value"]) == ("nonfinite", "Infinity")


def test_a_gradient_of_zero_or_none_is_a_word() -> None:
    """A dead ReLU hands back zeros; a number that only a condition asks for gets nothing."""
    zero = call("flow", "k = 2*x; y = relu(k); (y - 1)**2", "--x=-1", "--output-format=table")
    none = call("flow", "k = 2*x; where(k > 0, x**2, -x)", "--x=1.5", "--output-format=table")

    assert re.search(r"^  k .* zero$", zero.out, re.MULTILINE)
    assert re.search(r"^  k .* no gradient$", none.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SIGMOIDS[0],), "error: no value for x, t\nhint: add --x VALUE --t VALUE"),
        (("x -> Linear(2)", "--x=[[1]]"), 'end it in a loss, -> MSELoss(t), or add --loss-function "nn.MSELoss()"'),
        ((*RNN, "--threshold-of", "vanishin=1"), "did you mean 'vanishing'?"),
        ((*RNN, "--plot-file", "flow.pdf"), "end it in .png or .svg"),
        ((*RNN, "--initial-weights", "his"), "default"),
        ((*RNN, "--initial-weigths", "he"), "did you mean '--initial-weights'?"),
        ((*RNN, "--y", "1"), "error: "),
    ],
    ids=["no values", "an array", "a threshold", "a picture", "a scheme", "an option", "a value too many"],
)
def test_what_is_refused_is_told(arguments: tuple[str, ...], said: str) -> None:
    """What is wrong, and what now; nothing on standard output."""
    done = call("flow", *arguments)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_an_error_is_json_where_json_was_asked_for() -> None:
    """The same envelope."""
    document = valid_for("flow", call("flow", "x -> Linear(2)", "--x=[[1]]", "--json").out)

    assert document["error"]["kind"] == "shape"


def test_the_thresholds_can_be_listed() -> None:
    """Each with its value and what it means, without an expression."""
    done = call("flow", "--list-thresholds")

    assert done.code == 0
    assert re.search(r"^  vanishing-time +1e-06 +through time", done.out, re.MULTILINE)


def test_a_loss_may_be_added() -> None:
    """`--loss-function` ends a model as in `grad`."""
    done = call(
        "flow", "nn.Linear(2, 1)", "--input=[[1, 2]]", "--target=[[0]]", "--loss-function", "nn.MSELoss()", "--json"
    )

    assert [row["layer"] for row in valid_for("flow", done.out)["rows"]] == ["0 Linear", "MSELoss"]


def test_a_recurrence_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No course is no promise that nothing vanishes: the screen and the JSON say that it was not looked for."""
    monkeypatch.setattr(courses, "MOST_WORK", 1)
    screen, document = call("flow", *RNN).out, valid_for("flow", call("flow", *RNN, "--json").out)

    assert "THROUGH TIME                        0 RNN" in screen
    assert "through time are not looked for" in " ".join(screen.split())
    assert (document["courses"], document["courses_left_out"]) == ([], ["0 RNN"])


def test_the_help_keeps_within_a_page() -> None:
    """Examples are wrapped by hand."""
    assert [line for line in call("flow", "--help").out.split("\n") if len(line) > 100] == []
