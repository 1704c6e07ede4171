"""What to say about Python code: a text is data, and no Python is run."""

import re

from bpcli.errors import ParseError, Span

_EVERY_LAYER = "write every layer out: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))"
_FORWARD = "write what forward computes: x -> Linear(4) -> ReLU -> Linear(2), or nn.Sequential(…)"
_NO_IMPORT = "leave this line out: layers are known by their names, as in nn.Linear(3, 4)"
_VALUE = "write the value itself"
_FORMULA = "write the formula itself, such as x**2 + 1, or x -> tanh"
_FLOAT64 = "leave it out: bpcli computes in float64, on the CPU"
_APPLIED = "a layer is applied by '->': x -> nn.Linear(3, 4)"
_PARAMETER = "a parameter is called by its name in the state_dict, such as 0.weight"
STATEMENTS = {
    "import": _NO_IMPORT,
    "from": _NO_IMPORT,
    "class": _FORWARD,
    "def": _FORWARD,
    "return": _FORWARD,
    "self": _FORWARD,
    "lambda": _FORMULA,
    "for": _EVERY_LAYER,
    "while": _EVERY_LAYER,
    "with": "leave it out: gradients are what bpcli computes",
    "print": "paste what print(model) shows",
    "assert": "leave it out",
    "del": "leave it out",
}
CALLS = {
    "super": _FORWARD,
    "print": "paste what print(model) shows",
    "range": _EVERY_LAYER,
    "float": "write the number itself: inf, or 0.5",
    **dict.fromkeys(("eval", "exec", "open", "compile", "getattr", "list", "dict", "tuple", "int", "len"), _VALUE),
}
METHODS = {
    "eval": "--evaluation-mode is model.eval()",
    "train": "training mode is the default; --evaluation-mode is model.eval()",
    "forward": _APPLIED,
    "backward": "leave it out: gradients are what bpcli computes",
    "append": _EVERY_LAYER,
    "load_state_dict": "parameters come from --at or --parameters-file",
    "state_dict": "parameters come from --at or --parameters-file",
    "parameters": "parameters come from --at or --parameters-file",
    **dict.fromkeys(("to", "cuda", "cpu", "double", "float", "half", "requires_grad_", "detach", "item"), _FLOAT64),
    **dict.fromkeys(("weight", "bias", "data"), _PARAMETER),
}
_METHOD = re.compile(r"\.[ \t]*([A-Za-z_]\w*)")


def python_code(text: str, shown: str, span: Span, hint: str) -> ParseError:
    """Something that only Python could run."""
    message = f"'{shown}' is Python code; a spec is data, and no Python is run"
    return ParseError(message, text=text, spans=(span,), hint=hint)


def unpacked(text: str, span: Span) -> ParseError:
    """A star before what Python would unpack: `nn.Sequential(*layers)`."""
    return python_code(text, text[span.start : span.end], span, _EVERY_LAYER)


def code_called(text: str, typed: str, span: Span) -> ParseError | None:
    """The complaint about a call of a function of Python's, if it is one."""
    if typed in CALLS or typed.startswith("__"):
        return python_code(text, f"{typed[:40]}(…)", span, CALLS.get(typed, _VALUE))
    return None


def code_after(text: str, token: str, span: Span, operand: Span) -> ParseError | None:
    """The complaint about a token that makes Python code of what stands before it, if it does."""
    before = text[operand.start : operand.end]
    both = Span(operand.start, span.end)
    if before in STATEMENTS and (token[0].isalpha() or token[0] in "_.*'\""):
        return python_code(text, before, operand, STATEMENTS[before])
    if token in STATEMENTS:
        return python_code(text, token, span, STATEMENTS[token])
    if token[0] in "'\"" and before in {"f", "r", "b", "u", "rb", "rf", "fr"} and operand.end == span.start:
        return python_code(text, before + token[0], both, "write the word itself, in quotes")
    method = _METHOD.match(text, span.start)
    if method and method[1] in METHODS:
        return python_code(text, f".{method[1]}", Span(*method.span()), METHODS[method[1]])
    return None
