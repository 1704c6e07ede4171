"""What tests draw for `flow`, `step`, `train` and `predict`: command lines, data, and checkpoints after an accident.

The commands run in a folder in which `lay_out` has written the data. A damaged checkpoint is called after the seed that
it follows from, so that a command line says all of it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from io import StringIO
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from specs import array, listed, misspelt, spec, variables

from bpcli.cli.main import main
from bpcli.train.checkpoints import checkpoint_content, read_checkpoint

LINE = "mean((w*x + b - y)**2)"
NET = "x -> Linear(3) -> BatchNorm1d -> Tanh -> Dropout(0.2) -> Linear(3) -> CrossEntropyLoss(kind)"
RUNS: dict[str, list[str]] = {
    "line.safetensors": [LINE, "--data-file", "line.csv", "--w", "0", "--b", "0"],
    "net.safetensors": [NET, "--data-file", "kinds.csv", "--optimizer-name", "adam", "--early-stopping", "2",
                        "--validation-share", "0.3", "--standardize-inputs"],
    "arrays.safetensors": ["x -> Linear(2) -> MSELoss(t)", "--data-file", "pairs.npz", "--momentum-factor", "0.9"],
}  # fmt: skip
DAMAGED = re.compile(r"damaged-(\d+)\.safetensors")
DATA = listed("line.csv kinds.csv pairs.npz hard.csv sequences.npz")
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2**62,
    10**30,
    1.5,
    -1e308,
    "",
    "x",
    "kind",
    "nan",
    "\x1b[2J",
    "adam",
    "exp",
    [],
    {},
)
WRONG += ([1], [4], [2, 2], ["x"], ["a", "b", "c"], {"x": 1}, [[1]], [10**9], [3, 10**9], "x*2", NET, LINE)
TEXTS: tuple[str, ...] = (
    LINE,
    LINE,
    NET,
    NET,
    "x -> Linear(1) -> MSELoss(y)",
    "x -> Linear(2) -> MSELoss(t)",
    "(w*x - y)**2",
    "x*w",
)
TEXTS += ("x -> LSTM(2) -> output -> Linear(1) -> MSELoss(t)", "x -> Repeat(2, Linear(2), ReLU) -> MSELoss(x)")
OPTIMISING = listed(
    "--optimizer-name adam|--optimizer-name adamw|--optimizer-name rmsprop|--optimizer-name adagrad", "|"
)
OPTIMISING += listed(
    "--learning-rate 0.1|--learning-rate 1e200|--learning-rate 0|--learning-rate -1|--clip-norm 1", "|"
)
OPTIMISING += listed(
    "--momentum-factor 0.9|--momentum-factor 2|--weight-decay 0.1|--nesterov-momentum|--clip-value 1", "|"
)
OPTIMISING += listed("--optimizer-option betas=0.9,0.99|--optimizer-option betas=1|--optimizer-option eps=nan", "|")
OPTIMISING += listed("--optimizer-option amsgrad=True|--optimizer-option centered=true|--optimizer-option alpha", "|")
OPTIMISING += listed("--optimizer-option maximize=True|--optimizer-name adm|--learning-rate x|--clip-norm nan", "|")
DRAWING = listed("--initial-weights he|--initial-weights orthogonal|--initial-scale 9|--initial-scale 1e-300", "|")
DRAWING += listed(
    "--random-seed 3|--initial-scale 1e300|--max-entries 9|--max-operators 5|--max-nesting 2|--initial-scale 0", "|"
)
SHOWN = listed("--json|--output-format plain|--output-format table|--output-format csv|--max-rows 1|--max-rows 0", "|")
OPTIONS = {
    "flow": listed("--sweep-over scale=0.1:9:3:log|--sweep-over time=1:3:2|--sweep-over w=-1:1:3|--sweep-over w=1", "|")
    + listed("--sweep-over x=0:1e308:2|--sweep-over scale=nan:1:2|--threshold-of vanishing=0.9|--threshold-of x=1", "|")
    + listed("--threshold-of dead-share=2|--list-thresholds|--evaluation-mode|--upstream-seed 2", "|")
    + ["--upstream-seed [1", "--loss-function MSELoss(t)", "--upstream-seed [[1,0],[0,1]]", "--upstream-seed [1,0]"],
    "step": listed("--steps-count 3|--steps-count 1001|--with-respect-to w|--with-respect-to x|--evaluation-mode", "|")
    + listed("--save-parameters new.npz|--save-parameters new.json|--save-parameters new.gif", "|"),
    "train": listed("--epochs-count 2|--epochs-count 0|--target-column y|--target-column kind|--target-column q", "|")
    + listed("--validation-share 0.3|--validation-share 0.99|--validation-file line.csv|--standardize-inputs", "|")
    + listed("--batch-size 1|--batch-size 0|--batch-size 3|--early-stopping 1|--least-gain 1|--check-every 1", "|")
    + listed("--schedule-name step|--schedule-name cosine|--schedule-option T_max=2|--schedule-option step_size=1", "|")
    + listed("--warmup-epochs 1|--save-checkpoint new.safetensors|--checkpoint-every 1|--history-file new.jsonl", "|")
    + listed("--with-respect-to w|--with-respect-to 0.weight|--resume-from line.csv|--plot-file new.gif|-q", "|"),
    "predict": listed("--max-entries 9|--max-characters 9|--data-file line.csv|--data-file pairs.npz|-q", "|"),
}  # fmt: skip


def lay_out(folder: Path) -> None:
    """Write the data and whole checkpoints into the folder, which is the current one."""
    points = [(x / 4, 3 * x / 4 + 1) for x in range(-4, 4)]
    (folder / "line.csv").write_text("x,y\n" + "".join([f"{x},{y}\n" for x, y in points]), "utf-8")
    kinds = [f"{x},{y},{'abc'[place % 3]}\n" for place, (x, y) in enumerate(points)]
    (folder / "kinds.csv").write_text("u,v,kind\n" + "".join(kinds), "utf-8")
    (folder / "hard.csv").write_text("x,y,\x1b[2J\n1e308,nan,0\n-1e308,1,\n1,,'é\n", "utf-8")
    pairs = np.arange(16.0).reshape(8, 2) / 8
    np.savez(folder / "pairs.npz", x=pairs, t=pairs[:, ::-1])
    np.savez(folder / "sequences.npz", x=pairs[:, :, None], t=pairs[:, :, None])
    for name, words in RUNS.items():
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            code = main(["train", *words, "--epochs-count", "1", "--batch-size", "4", "--save-checkpoint", name])
        assert code == 0


def write_damaged(words: Sequence[str]) -> None:
    """Write the damaged checkpoint that the words name, if they name one, into the current folder."""
    for found in filter(None, map(DAMAGED.fullmatch, words)):
        Path(found[0]).write_bytes(damaged(Random(int(found[1]))))  # noqa: S311 - the same every time


def damaged(random: Random) -> bytes:
    """A checkpoint of which a field of the document, an array or some bytes are others."""
    source = random.choice(list(RUNS))
    if random.random() < 0.25:
        return _with_other_bytes(random, Path(source).read_bytes())
    document, tensors = deepcopy(read_checkpoint(source).document), dict(read_checkpoint(source).tensors)
    if random.random() < 0.2:
        name = random.choice(list(tensors))
        values = (np.zeros(0), np.full(3, np.nan), np.zeros((2, 2)), tensors[name] + 1e308, tensors[name][None])
        tensors[random.choice((name, f"optimizer/{name}", "x"))] = random.choice(values)
        del tensors[random.choice(list(tensors))]
    else:
        *path, last = random.choice([place for place in _places(document) if place and place != ("schema",)])
        holder: Any = document
        for key in path:
            holder = holder[key]
        if random.random() < 0.1:
            del holder[last]
        else:
            holder[last] = random.choice(WRONG)
    return checkpoint_content(document, tensors)


def _with_other_bytes(random: Random, content: bytes) -> bytes:
    for _ in range(random.randint(1, 3)):
        at = random.choice((random.randrange(len(content)), random.randrange(min(9, len(content)))))
        to = at + random.choice((0, 1, 1, 8))
        content = content[:at] + random.randbytes(random.choice((0, 1, 1, 8))) + content[to:]
    return content[: random.choice((None, None, len(content) // 2, 9))]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*path, key))


def training_line(random: Random) -> list[str]:
    """Arguments of a command that is about a flow, an update, a training or a prediction."""
    command = random.choice(list(OPTIONS))
    checkpoint = random.choice((f"damaged-{random.randrange(10**6)}.safetensors",) * 4 + tuple(RUNS))
    groups: list[list[str]] = []
    if command == "predict":
        groups += [[checkpoint], ["--data-file", random.choice(DATA)]]
    elif command == "train" and random.random() < 0.4:
        groups += [["--resume-from", checkpoint], ["--epochs-count", "3"]]
        groups += [["--data-file", random.choice(DATA)]] if random.random() < 0.8 else []
    else:
        groups += _text_and_values(random, command)
        groups += [random.choice(DRAWING).split(" ")] if random.random() < 0.3 else []
    if command in ("step", "train"):
        groups += [random.choice(OPTIMISING).split(" ") for _ in range(random.choice((0, 0, 1, 2)))]
    groups += [random.choice(OPTIONS[command]).split(" ") for _ in range(random.choice((0, 0, 1, 1, 2)))]
    groups += [["--json"] if random.random() < 0.6 else random.choice(SHOWN).split(" ")]
    random.shuffle(groups)
    return [command, *chain.from_iterable(groups)]


def _text_and_values(random: Random, command: str) -> list[list[str]]:
    """A text and, for `train`, its data; else values for its variables."""
    text = random.choice(TEXTS) if random.random() < (0.8 if command == "train" else 0.5) else spec(random)
    text = misspelt(random, text) if random.random() < 0.1 else text
    if command == "train":
        data = [["--data-file", random.choice(DATA)], ["--epochs-count", "1"]]
        return [[text], *data, *([["--w", "0"], ["--b", "0"]] if text == LINE else [])]
    return [[text], *[["--set", f"{name}={array(random)}"] for name in variables(text) if random.random() < 0.98]]
