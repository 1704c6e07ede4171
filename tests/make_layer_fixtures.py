"""Write `fixtures/layers/FAMILY.json`: what PyTorch 2.13 says about the specs in `layer_cases`, in float64.

`python tests/make_layer_fixtures.py [FAMILY ...]`, with torch 2.13.0 installed; the tests need the files alone. Each
spec is read by Python itself, with torch.nn in place, so that it means what it means in PyTorch. Recurrent layers and
attention hand their `output` on, as in bpcli's pipelines.
"""

import json
import sys
import zlib
from collections import OrderedDict
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch  # type: ignore[import-not-found]  # PyTorch is needed only where this script is run
from layer_cases import Case

FOLDER = Path(__file__).parent / "fixtures" / "layers"
FAMILIES = sorted(path.stem for path in (Path(__file__).parent / "layer_cases").glob("[a-z]*.py"))
DIGITS = 17


class Output(torch.nn.Module):  # type: ignore[misc]  # torch has no types here
    """A module that hands on the first of several results, or the picked one; attention is asked about itself."""

    def __init__(self, inner: Any, pick: str) -> None:
        super().__init__()
        self.inner = inner
        self.pick = pick

    def forward(self, x: Any) -> Any:
        """The result."""
        result = self.inner(x, x, x) if isinstance(self.inner, torch.nn.MultiheadAttention) else self.inner(x)
        if not self.pick:
            return result[0] if isinstance(result, tuple) else result
        return result[1][self.pick == "c_n"] if isinstance(result[1], tuple) else result[1]


class Attention(torch.nn.MultiheadAttention):  # type: ignore[misc]  # the same
    """PyTorch's attention, whose `forward` is told here what bpcli takes beside the other arguments."""

    def __init__(self, *arguments: Any, is_causal: bool = False, **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.is_causal = is_causal

    def forward(self, query: Any, key: Any, value: Any) -> Any:
        """The output and the weights; what `attn_mask` says is left out."""
        steps = query.shape[-2 if query.dim() == 2 or self.batch_first else 0]
        later = torch.ones(steps, steps, dtype=torch.bool).triu(1)
        return super().forward(query, key, value, attn_mask=later if self.is_causal else None)


LAYERS = SimpleNamespace(**{**vars(torch.nn), "MultiheadAttention": Attention})


def run(model: Any, x: Any, pick: str = "") -> Any:
    """What a model hands on; the layers of a Sequential one by one."""
    if isinstance(model, torch.nn.Sequential):
        for layer in model:
            x = run(layer, x, pick if layer is model[-1] else "")
        return x
    return Output(model, pick)(x)


def numbers(value: Any) -> Any:
    """An array as nested lists."""
    return value.detach().to(torch.float64).tolist()


def gradient(x: Any) -> Any:
    """The gradient of a leaf, which is 0 where the output does not need it."""
    return torch.zeros_like(x) if x.grad is None else x.grad


def drawn(shape: tuple[int, ...], below: int, generator: Any) -> Any:
    """Normal numbers, or whole ones from 0 up to `below`."""
    if below:
        return torch.randint(0, below, shape, generator=generator)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def answer(case: Case) -> dict[str, Any]:
    """What PyTorch says about a case."""
    generator = torch.Generator().manual_seed(zlib.crc32(case.name.encode()))
    torch.manual_seed(zlib.crc32(case.name.encode()))
    names = {"nn": LAYERS, "torch": torch, "OrderedDict": OrderedDict}
    model = eval(case.spec, names).double()  # noqa: S307 - the specs of this folder, in PyTorch's own meaning
    model.train(case.mode == "train")
    state = model.state_dict()
    for name, value in case.parameters.items():
        state[name].copy_(torch.tensor(value, dtype=torch.float64))
    saved = {name: numbers(value) for name, value in state.items() if not name.endswith("num_batches_tracked")}
    x = drawn(case.shape, case.below, generator) if case.at is None else torch.tensor(case.at)
    x = x if case.below or not x.is_floating_point() else x.double().requires_grad_()
    output = run(model, x.clone(), case.pick)  # a leaf cannot be changed in place
    spec = f"{case.spec} -> {case.pick}" if case.pick else case.spec
    found = {"name": case.name, "spec": spec, "loss": case.loss, "mode": case.mode, "parameters": saved}
    at = {"input": numbers(x)}
    if case.loss:
        target = case.target
        if isinstance(target, tuple):
            target = drawn(target, case.classes, generator)
        target = torch.as_tensor(target)
        at["target"] = numbers(target)
        loss = eval(case.loss, names)  # noqa: S307 - the same
        output = loss.double()(output, target if not target.is_floating_point() else target.double())
    upstream = torch.ones(()) if output.dim() == 0 else drawn(tuple(output.shape), 0, generator)
    (output * upstream).sum().backward()
    gradients = {name: numbers(gradient(one)) for name, one in model.named_parameters()}
    if x.requires_grad:
        gradients["input"] = numbers(x.grad)
    norms = [one for one in model.modules() if isinstance(one, torch.nn.modules.batchnorm._BatchNorm)]  # noqa: SLF001 - of 1 to 3 axes
    counted = any(one.momentum is None for one in norms)
    left_out = () if counted else ("num_batches_tracked",)
    after = {name: numbers(value) for name, value in model.named_buffers() if not name.endswith(left_out)}
    return {
        **found,
        "at": at,
        "upstream": numbers(upstream) if output.dim() else None,
        "value": numbers(output),
        "gradients": gradients,
        "after": after if case.mode == "train" else {},
    }


def answer_of_function(case: Case) -> dict[str, Any]:
    """What PyTorch says about a call of a function."""
    generator = torch.Generator().manual_seed(zlib.crc32(case.name.encode()))
    at = {
        name: drawn(shape, 2 * ("mask" in name), generator).double().requires_grad_()
        for name, shape in case.inputs.items()
    }
    output = eval(case.spec, vars(torch.nn.functional), dict(at))  # noqa: S307 - the same
    upstream = drawn(tuple(output.shape), 0, generator)
    (output * upstream).sum().backward()
    return {
        "name": case.name,
        "spec": case.spec,
        "loss": "",
        "mode": case.mode,
        "parameters": {},
        "at": {name: numbers(x) for name, x in at.items()},
        "upstream": numbers(upstream),
        "value": numbers(output),
        "gradients": {name: numbers(gradient(x)) for name, x in at.items()},
        "after": {},
    }


def main() -> None:
    """Write the named families, or all."""
    for family in sys.argv[1:] or FAMILIES:
        cases: list[Case] = import_module(f"layer_cases.{family}").CASES
        answers = [
            json.dumps((answer_of_function if case.inputs else answer)(case), separators=(",", ":")) for case in cases
        ]
        (FOLDER / f"{family}.json").write_text("[\n" + ",\n".join(answers) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
