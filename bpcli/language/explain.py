"""From text and values to an explanation: `explain` writes one gradient entry out, `fan_out` maps convolutions."""

from collections.abc import Mapping

from bpcli.backprop.entries import MOST_EDGES
from bpcli.backprop.explanation import MOST_PATHS, Explanation, explanation_of
from bpcli.backprop.fan_out import FanOuts, fan_outs_of
from bpcli.graph.labels import labels_of
from bpcli.graph.node import Graph, Node
from bpcli.language.build import Setup, at_point, question_from
from bpcli.language.entries import Finder, entry_names
from bpcli.language.expressions import paused_collector
from bpcli.language.limits import DEFAULT_LIMITS, Limits


def explain(  # noqa: PLR0913 - a question and its limits
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    gradient_of: str = "",
    *,
    most_paths: int = MOST_PATHS,
    most_edges: int = MOST_EDGES,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Explanation:
    """One entry of the gradient as the chain rule has it: over what uses the entry, and path by path.

    `gradient_of` names the entry: `"x"`, `"X[1,1]"`, `"v1[0]"`, or, of another entry than the output,
    `"dy[0]/dX[1,1]"`. At most `most_paths` paths are listed, the largest; all are counted. The others are as in `grad`.
    Raises ParseError, BindingError, ShapeError, and LimitError where more than `most_edges` edges between entries lead
    to the output.

    >>> explain("x*x + 3*x", {"x": 2}, "x").gradient
    7.0
    >>> [path.contribution for path in explain("x*x + 3*x", {"x": 2}, "x").paths]
    [3.0, 2.0, 2.0]
    """
    of, name = entry_names(gradient_of)
    setup = Setup(random_seed, evaluation_mode)
    with paused_collector():
        graph, point, system = at_point(*question_from(expression, at or {}, limits, setup), limits)
        finder = Finder(graph)
        entry = finder.source(name)
        output = finder.output(of, name)
        return explanation_of(
            rooted(graph, output.node),
            point,
            entry,
            output,
            labels=labels_of(graph),
            system=system,
            most_paths=most_paths,
            most_edges=most_edges,
        )


def fan_out(
    expression: str | Graph | Node,
    at: Mapping[str, object] | None = None,
    *,
    random_seed: int = 0,
    evaluation_mode: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> FanOuts:
    """For each convolution of the expression, in how many windows each place of its input lies.

    The arguments are those of `grad`. Raises ParseError, BindingError, ShapeError, LimitError.

    >>> [one.windows for one in fan_out("conv1d(x, k)", {"x": [1, 2, 3], "k": [1, 1]}).convolutions]
    [[1, 2, 1]]
    """
    setup = Setup(random_seed, evaluation_mode)
    with paused_collector():
        graph, point, system = at_point(*question_from(expression, at or {}, limits, setup), limits)
        return fan_outs_of(graph, point, system)


def rooted(graph: Graph, output: Node) -> Graph:
    """The same graph with another node as its output."""
    if output is graph.output:
        return graph
    return Graph(
        output,
        graph.nodes,
        graph.variables,
        graph.constants,
        graph.text,
        names=graph.names,
        network=graph.network,
    )
