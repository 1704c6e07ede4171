"""Specs of layers that tests draw: models, printed models, pipelines, and texts that are next to them."""

from itertools import chain
from random import Random

from bpcli import parse
from bpcli.errors import BpcliError
from bpcli.layers import LAYERS
from bpcli.layers.definition import REQUIRED, Argument, Definition


def listed(words: str, sign: str | None = None) -> list[str]:
    """The words, as a list."""
    return words.split(sign)


WORDS = listed(
    "'mean'|'sum'|'none'|'tanh'|'same'|'valid'|'zeros'|'circular'|'reflect'|'nearest'|'bilinear'|'relu'", "|"
)
ODD = listed("-1|0|1|2|3|7|0.5|-0.5|1e-5|1/3|1/0|inf|-inf|nan|1e300|1000000000|1e15|True|False|None|x|'a'|''|()", "|")
ODD += listed("(2,)|(1, 2)|(0, 0)|(-1, 2)|(1, 2, 3)|[1, 2]|[[1], [2]]|[]|[[]]|(None, 2)|torch.tensor([1, 2])", "|")
ODD += listed("torch.ones(3)|torch.zeros((2, 0))|torch.tensor([[1], [2]])|torch.float64|nn.ReLU()|Linear(3)|ReLU", "|")
ODD += listed("(1, (2, 3))|2*2|[x]|same", "|")
FITTING = {
    "whole number": listed("1 2 2 2 2 3 4"),
    "number": listed("0.1 0.5 1 2"),
    "True": listed("True False"),
    "several": listed("1|2|(2, 2)|(3,)|(1, 2)", "|"),
}
HEADS = ("x", "x", "x", "input", "x + 1", "(x -> ReLU)", "tanh(x)", "x*w", "[x, x]", "x[0]", "2", "i")
FUNCTIONS = listed("tanh relu sum sum(axis=1) softmax(axis=-1) mean reshape((-1,)) flatten transpose h_n c_n output")
PIECES = listed("->|-> |# c\n|#|nn.|torch.nn.|torch.|Sequential(|nn.Sequential(|OrderedDict([|(0): |(fc1): |)|(|,", "|")
PIECES += listed("=|*|.to(|lambda x: |import torch\n|class |self.|.eval()|{|}|f'|'fc1'|\"|;|-> sum|-> Linear(3)", "|")
PIECES += listed("-> MSELoss(t)|nn.MSELoss()|for _ in |target|input|x|h_n|nn.Linear(3, 4)|ReLU()|[|]|:|None|-1|0", "|")
PIECES += ["torch.tensor([", "1e9", "\n", "Repeat(", "Repeat(2, ", "Repeat(3, Tanh)"]
ARRAYS = listed(
    "[[1, 2, 3]]|[[1, 2], [3, 4]]|[1, 2]|[[0, 1], [1, 0]]|[0, 1]|1|0|[[[1, 2, 3]]]|[]|[[0.5, 0.5]]|[[1]]", "|"
)
ARRAYS += ["[[[1, 2], [3, 4]]]", "[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]", "[[[[1, 2], [3, 4]], [[0, 1], [2, 2]]]]"]
OPTIONS = listed("--evaluation-mode --random-seed=3 --single-precision --max-entries=20 --max-operators=9 --json")
OPTIONS += listed("--max-nesting=2 --with-respect-to=x --with-respect-to=0.weight --all-steps --set=weight=1")


def argument(random: Random, wanted: Argument) -> str:
    """A value for an argument: one that fits, mostly, or any."""
    if random.random() < 0.05:
        return random.choice(ODD)
    words = " ".join(kind.words for kind in wanted.kinds)
    for kind, values in FITTING.items():
        if kind in words:
            return random.choice(values)
    return random.choice(WORDS if "quotes" in words or "'" in words else ODD)


def call(random: Random, definition: Definition, *, is_bare: bool) -> str:
    """A layer with arguments, some by keyword."""
    given: list[str] = []
    for wanted in definition.arguments:
        is_left_out = is_bare and wanted.name in definition.inferred
        if is_left_out or (wanted.default is not REQUIRED and random.random() < 0.85):
            continue
        by_keyword = len(given) and (random.random() < 0.4 or "=" in given[-1])
        is_late = wanted.default is not REQUIRED
        given.append(f"{wanted.name}={argument(random, wanted)}" if by_keyword or is_late else argument(random, wanted))
    if is_bare and definition.is_loss:
        given.insert(0, random.choice(("t", "t", "t", "i", "x", "2")))
    if not given and is_bare and random.random() < 0.5:
        return definition.name
    package = "" if is_bare else random.choice(("nn.", "nn.", "torch.nn.", ""))
    return f"{package}{definition.name}({', '.join(given)}{random.choice(('', '', '', ',')) if given else ''})"


def one_layer(random: Random, *, is_bare: bool) -> str:
    """A layer that is no loss; the common ones more often."""
    names = [*["Linear", "ReLU", "Tanh"] * 5, *[name for name, one in LAYERS.items() if not one.is_loss]]
    return call(random, LAYERS[random.choice(names)], is_bare=is_bare)


def loss(random: Random, *, is_bare: bool) -> str:
    """A loss."""
    return call(random, LAYERS[random.choice([name for name, one in LAYERS.items() if one.is_loss])], is_bare=is_bare)


def model(random: Random, depth: int = 2) -> str:
    """A Sequential, as it is written or as it is printed."""
    children = [
        model(random, depth - 1) if depth and random.random() < 0.15 else one_layer(random, is_bare=False)
        for _ in range(random.randint(0, 4))
    ]
    match random.randrange(5):
        case 0:
            named = [f"('{name}', {child})" for name, child in zip("abcd", children, strict=False)]
            return f"nn.Sequential(OrderedDict([{', '.join(named)}]))"
        case 1 | 2:
            lines = "".join([f"  ({place}): {child}\n" for place, child in enumerate(children)])
            return f"Sequential(\n{lines})"
        case _:
            return f"{random.choice(('nn.', 'torch.nn.', ''))}Sequential({', '.join(children)})"


def spec(random: Random) -> str:
    """A model or a pipeline, with or without a loss."""
    if random.random() < 0.4:
        text = random.choice(("", "", "model = ")) + model(random)
    else:
        stages = [random.choice(HEADS)]
        for _ in range(random.randint(1, 4)):
            kind = random.random()
            is_bare = kind < 0.55
            is_layer = is_bare or kind < 0.7
            stage = one_layer(random, is_bare=is_bare) if is_layer else random.choice(FUNCTIONS)
            is_repeated = 0.5 < kind < 0.6 or kind > 0.97
            stages.append(f"Repeat({random.choice('1223')}, {stage}, Tanh)" if is_repeated else stage)
        text = random.choice((" -> ", " -> ", "\n-> ", "->")).join(stages)
    match random.randrange(5):
        case 0:
            return f"{text} -> {loss(random, is_bare=True)}"
        case 1:
            return f"{text}\n-> {loss(random, is_bare=False)}"
        case 2 | 3:
            return f"{text} -> sum"
        case _:
            return text


def misspelt(random: Random, text: str) -> str:
    """The text with pieces of specs put in, or characters left out or doubled."""
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(text))
        to = min(len(text), at + random.choice((0, 0, 1, 3, 8)))
        text = text[:at] + random.choice((*PIECES, "", "", text[at:to] * 2)) + text[to:]
    return text


def array(random: Random) -> str:
    """A value; mostly one that fits many layers."""
    return "[[1, 2], [0, 1]]" if random.random() < 0.6 else random.choice(ARRAYS)


def variables(text: str) -> list[str]:
    """The variables of a text, or, where it is none of the language, some that it may have."""
    try:
        return [variable.name for variable in parse(text).variables]
    except BpcliError:
        return ["x", "input"]


def spec_line(random: Random) -> list[str]:
    """Arguments of a command about a network."""
    command = random.choice((*["grad"] * 12, "jacobian", "explain"))
    text = spec(random)
    text = misspelt(random, text) if random.random() < 0.25 else text
    groups = [[text]]
    groups += [["--set", f"{name}={array(random)}"] for name in variables(text) if random.random() < 0.99]
    groups += [[option] for option in OPTIONS if random.random() < 0.01]
    if random.random() < 0.8:
        groups.append(["--output-format", random.choice(("plain", "table", "json"))])
    random.shuffle(groups)
    return [command, *chain.from_iterable(groups)]
