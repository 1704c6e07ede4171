"""What a look at the flow of gradients finds: a row for each layer and time step, a course for each recurrence."""

from math import isfinite
from typing import NamedTuple

from bpcli.backprop.gradients import Gradients
from bpcli.graph.network import Layer
from bpcli.graph.node import Node


class Singular(NamedTuple):
    """The ends of the singular values of a local Jacobian: the largest, and the smallest, None where it is not known.

    A layer that treats the samples of a batch apart has a Jacobian for each of them; one that treats more apart, as a
    Linear layer treats time steps and a Tanh every unit, has as many more, smaller ones. The ends are those over
    `samples` of all `batch` Jacobians. A layer that mixes the samples, such as batch normalisation, has one for all.
    """

    largest: float
    smallest: float | None
    samples: int = 1
    batch: int = 1


class Row(NamedTuple):
    """A layer, or a time step of one: what it hands on, how large that is, and how large the gradient that reaches it.

    `layer` is None for a named statement of a text without layers. `part` is the time step, `t=3`, or nothing.
    `gradient` is ‖∂loss/∂node‖ and None where no gradient arrives; `ratio` is that over the gradient of the last row
    before the loss. `singular` is about ∂node/∂(what it is made of): of a layer its input, of a time step the states
    before it; None where that has no derivative, or there is nothing before it.
    """

    name: str
    layer: Layer | None
    part: str
    node: Node
    value: float
    gradient: float | None
    ratio: float | None
    singular: Singular | None


class Course(NamedTuple):
    """How the gradient goes back through the time steps of one recurrence: ‖∂h_T/∂h_t‖₂ for t = T, T-1, …, 1.

    `parts` are the time steps in this order, the last of the recurrence first: `t=9`, `t=8`, …. `norms` begins with 1,
    of the last step itself; each is the largest over `samples` of the `batch` samples. `log10_norms` are their decimal
    logarithms, also of those that are too small or too large for float64: -inf for a product that is 0, NaN for one
    that is not finite. `one_step` are ‖∂h_t/∂h_(t-1)‖₂, from the last step back, one less. `factor` is their geometric
    mean: what is measured is at most `factor`^t after all T-1 steps. `fitted` is k of the least-squares line
    log ‖∂h_T/∂h_(T-t)‖ = log L + t·log k, and `scale` its L; None where a product is 0 or not finite, or there are
    fewer than two steps. `radius` is the spectral radius of the recurrent weight, where there is one matrix of it.
    `falls_below` and `rises_above` are the steps t after which the norm is below 1e-6 and above 1e6, as measured, or
    else as fitted; None for never. `layer` is None for statements that are numbered, h1, h2, ….
    """

    name: str
    layer: Layer | None
    parts: tuple[str, ...]
    norms: tuple[float, ...]
    log10_norms: tuple[float, ...]
    one_step: tuple[float, ...]
    factor: float | None
    fitted: float | None
    scale: float | None
    radius: float | None
    falls_below: int | None
    rises_above: int | None
    samples: int = 1
    batch: int = 1


class Diagnosis(NamedTuple):
    """Something that is wrong with the flow: what, where, the evidence, the threshold that it crossed, and a remedy.

    `kind` is a stable word, such as `vanishing` or `dead relu`; `threshold` names the threshold that can be set, and
    `limit` is what it was. A fault that is there or not there, such as a gradient that is not finite, has none.
    """

    kind: str
    where: str
    evidence: str
    threshold: str
    remedy: str
    limit: float | None = None


class Flow(NamedTuple):
    """The flow of gradients through a graph at a point.

    `too_large` names the recurrences that have no course because their Jacobians are too large to be multiplied.
    """

    result: Gradients
    rows: tuple[Row, ...]
    courses: tuple[Course, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    too_large: tuple[str, ...] = ()

    @property
    def is_finite(self) -> bool:
        """Whether the value, every gradient that was asked for, and what each row has of both are finite numbers."""
        sizes = [size for row in self.rows for size in (row.value, row.gradient) if size is not None]
        return self.result.is_finite and all(map(isfinite, sizes))
