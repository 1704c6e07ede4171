"""A question about the flow of gradients: an expression, its values and how its network is set up; and the answer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bpcli.backprop.gradients import Gradients, gradients_of
from bpcli.flow.diagnoses.diagnosing import diagnoses_of
from bpcli.flow.diagnoses.thresholds import DEFAULTS, Thresholds
from bpcli.flow.looking import flow_of
from bpcli.flow.results import Flow
from bpcli.language.build import TRAINING, Setup, at_point, question_from, seed_for, wanted_of
from bpcli.language.drawn_values import with_drawn
from bpcli.language.expressions import paused_collector
from bpcli.language.limits import DEFAULT_LIMITS, Limits
from bpcli.language.values import number_from
from bpcli.numbers.floats import floats
from bpcli.numbers.threads import one_thread


class Question(NamedTuple):
    """What the flow is looked at of: a text, a value for each variable, and how its network is set up.

    A value may be what `language/values` takes, or a generator, `normal(8, 3)`, drawn from the seed of the setup.
    `seed` is the upstream gradient of an output that is an array.
    """

    text: str
    at: Mapping[str, Any]
    setup: Setup = TRAINING
    seed: object = None
    limits: Limits = DEFAULT_LIMITS


def gradients_for(question: Question) -> Gradients:
    """The gradients that a question is about. Raises ParseError, BindingError, ShapeError, LimitError."""
    limits, setup = question.limits, question.setup
    with paused_collector():
        drawn = with_drawn(question.at, setup.random_seed, limits)
        graph, at = question_from(question.text, drawn, limits, setup)
        wanted = wanted_of(graph, None)
        shaped, point, system = at_point(graph, at, limits, single_precision=setup.single_precision)
        if question.seed is None:
            seed = None
        else:
            seed = (
                number_from("the upstream seed", question.seed) if system is floats else seed_for(shaped, question.seed)
            )
        return gradients_of(shaped, point, wanted, system=system, seed=seed)


def flow_for(question: Question, thresholds: Thresholds = DEFAULTS) -> Flow:
    """The flow that a question is about, with its diagnoses. Raises what `gradients_for` raises."""
    with one_thread():
        flow = flow_of(gradients_for(question))
        return flow._replace(diagnoses=diagnoses_of(flow, thresholds))
