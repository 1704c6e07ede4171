"""Parameters that no gradient reaches, and where the path breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpcli.flow.diagnoses.breaks import breaks_of
from bpcli.flow.diagnoses.figures import listed
from bpcli.graph.order import ancestors_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bpcli.flow.diagnoses.scene import Scene
    from bpcli.flow.results import Diagnosis
    from bpcli.graph.node import Node

MORE = ", and at"


def unreached(scene: Scene) -> Iterator[Diagnosis]:
    """One finding for each place at which the path breaks, with the parameters that are behind it."""
    needed = set(ancestors_first([scene.result.graph.output]))
    unused: list[str] = []
    behind: dict[tuple[Node, ...], list[str]] = {}
    found = {}
    for variable in _learned(scene):
        if scene.is_reached(variable) or not scene.value(variable).size:
            continue
        if variable not in needed:
            unused.append(scene.labels[variable])
            continue
        breaks = breaks_of(scene, variable)
        if breaks:
            key = tuple(dict.fromkeys(one.node for one in breaks))
            behind.setdefault(key, []).append(scene.labels[variable])
            found[key] = breaks[0]
    for key, names in behind.items():
        one = found[key]
        more = f"{MORE} {len(key) - 1} more" if len(key) > 1 else ""
        evidence = f"no gradient reaches {listed(names)}: the path breaks at {_said(scene, one.node)}{more}: {one.why}"
        yield scene.finding("unreached", scene.place(one.node), evidence, "", one.remedy)
    if unused:
        them = "it" if len(unused) == 1 else "them"
        evidence = f"no gradient reaches {listed(unused)}: the output does not use {them}"
        yield scene.finding("unreached", listed(unused), evidence, "", "use it in the output, or leave it out")


def _learned(scene: Scene) -> list[Node]:
    """The parameters of a network; without layers the variables whose gradient was asked for."""
    learned: list[Node] = [parameter.variable for _, parameter in scene.parameters.values()]
    return learned or list(scene.result.wanted)


def _said(scene: Scene, node: Node) -> str:
    """The op, with its layer where it has one."""
    owner = scene.owners.get(node)
    return f"{node.op.name} in {scene.place(node)}" if owner else scene.formula(node)
