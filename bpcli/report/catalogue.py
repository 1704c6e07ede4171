"""The catalogue of ops: how each is written, its derivative as the code has it, its domain, kinks and aliases."""

from collections.abc import Iterator
from typing import Any

from bpcli import __version__
from bpcli.backprop.formulas import contribution_formulas, local_formulas
from bpcli.graph.latex import latex
from bpcli.graph.node import Node, Variable, applied
from bpcli.graph.notation import render
from bpcli.graph.op import NO_ATTRIBUTES, Op
from bpcli.graph.simplify import simplify
from bpcli.language.functions import function_called, usage
from bpcli.language.operators import INFIXES
from bpcli.ops import FAMILIES, REGISTRY, families_over_arrays
from bpcli.ops.algebra import nodes
from bpcli.report.layout import Column, Line, Row, table
from bpcli.report.page import Page


def sample_node(op: Op) -> Node:
    """The op applied to variables that are called as its rule calls its inputs; attributes at their defaults."""
    names = [name.lstrip("*") for name in op.inputs]
    if op.samples:
        sample = op.samples[0]
        names = names if len(names) == len(sample.shapes) else ["x", "y", "z"][: len(sample.shapes)]
        inputs = [Variable(name, shape=shape) for name, shape in zip(names, sample.shapes, strict=True)]
        return applied(op.name, *inputs, **sample.attributes)
    if op.is_variadic:
        names = ["x", "y"]
    required = {name: 1.0 for name, attribute in op.attributes.items() if attribute.is_required}
    return Node(op, tuple(map(Variable, names)), required or NO_ATTRIBUTES)


def derivatives(op: Op, page: Page) -> list[tuple[str, str]]:
    """Each local derivative as `∂f/∂x` and the formula that its rule builds."""
    node = sample_node(op)
    if op.is_structural:
        upstream = Variable("upstream", shape=node.shape)
        return [
            (f"to {source.name}", render(simplify(part)))
            for source, part in zip(node.inputs, contribution_formulas(node, upstream), strict=True)
            if part is not None
        ]
    return [
        (page.derivative(node, source, {source: source.name or ""}), render(simplify(local)))
        for source, local in zip(node.inputs, local_formulas(node), strict=True)
        if local is not None
    ]


def catalogue(name: str | None, page: Page) -> list[Line]:
    """Every family with its ops, and the layers; or one op, or one layer, in detail.

    Raises UsageError for an unknown name.
    """
    if name is not None and ops_named(name):
        return [line for op in ops_named(name) for line in (*_detail(op, page), [])][:-1]
    from bpcli.report.layer_catalogue import layer_detail, layer_named, layer_sections  # noqa: PLC0415 - ops need none

    if name is not None:
        return layer_detail(layer_named(name), page)
    lines: list[Line] = []
    for family, members in _families():
        lines += [*page.title(family.upper()), *_family_table(members, page), []]
    return [*lines, *layer_sections(page)][:-1]


def _family_table(members: list[Op], page: Page) -> list[Line]:
    columns = (Column("left", "name"), Column("left", "gradient"), Column("left", "", " = "))
    rows = []
    for op in members:
        found = derivatives(op, page) or [("no gradient", "")]
        note = "; ".join([*_prefixed("for ", op.domain.text), *_prefixed("at ", *op.kinks)])
        rows += [
            Row((render(sample_node(op)) if place == 0 else "", sign, formula), (note if place == 0 else "",))
            for place, (sign, formula) in enumerate(found)
        ]
    return table(columns, rows, page.width)


def _meaning(op: Op) -> str | None:
    node = sample_node(op)
    return render(simplify(op.meaning(nodes, *node.inputs, **node.attributes))) if op.meaning else None


def _prefixed(word: str, *texts: str) -> list[str]:
    return [word + text for text in texts if text]


def _detail(op: Op, page: Page) -> list[Line]:
    node = sample_node(op)
    facts = [("written", render(node) if op.infix or node.attributes else usage(op, op.written))]
    facts += [(sign, formula) for sign, formula in derivatives(op, page)]
    meaning = _meaning(op)
    facts += [("means", meaning)] if meaning else []
    facts += [("domain", op.domain.text)] if op.domain.text else []
    facts += [("kink", kink) for kink in op.kinks]
    facts += [("also", ", ".join(op.aliases))] if op.aliases else []
    facts += [("family", _family_of(op)), ("LaTeX", latex(node))]
    rows = [Row((name, text)) for name, text in facts]
    return [*page.title(op.written), *table((Column("left", "name"), Column("left", "", "  ")), rows, page.width)]


def ops_document(name: str | None) -> dict[str, Any]:
    """The catalogue, or one op or layer of it, as a JSON document."""
    chosen = [] if name is not None else [op for _, members in _families() for op in members]
    layers: list[dict[str, str | None]] = []
    if name is not None and ops_named(name):
        chosen = ops_named(name)
    else:
        from bpcli.report.layer_catalogue import layer_entries  # noqa: PLC0415 - ops need none

        layers = layer_entries(name)
    page = Page()
    return {
        "schema": "bpcli.ops/1",
        "version": __version__,
        "status": "ok",
        "ops": [
            {
                "name": op.written,
                "family": _family_of(op),
                "written": render(sample_node(op)),
                "derivatives": dict(derivatives(op, page)),
                "means": _meaning(op),
                "domain": op.domain.text or None,
                "kinks": list(op.kinks),
                "aliases": list(op.aliases),
                "latex": latex(sample_node(op)),
            }
            for op in chosen
        ],
        "layers": layers,
    }


def ops_named(name: str) -> list[Op]:
    """The ops of that name, alias or sign, two for `-` and `**`; none for another name."""
    op = function_called(name) or REGISTRY.get(name)
    if name in INFIXES and (operator := INFIXES[name].op) is not None and operator.infix:
        symbol = operator.infix.symbol
        return [other for other in REGISTRY.values() if other.infix and other.infix.symbol == symbol]
    return [op] if op else []


def _families() -> Iterator[tuple[str, list[Op]]]:
    for family in (*FAMILIES, *families_over_arrays()):
        members = [op for op in vars(family).values() if isinstance(op, Op)]
        yield family.__name__.rpartition(".")[2].replace("_", " "), members


def _family_of(op: Op) -> str:
    return next(name for name, members in _families() if op in members)
