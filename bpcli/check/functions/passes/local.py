"""A forward and a backward pass in this process: functions, a class or an object, called as their parameters say."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpcli.check.functions.callee import Array, Fault, Inputs, MisbehaviourError, Passed
from bpcli.check.functions.passes.assigning import Slots, as_array, gradients_by_name, left_unchecked, slots_of
from bpcli.check.functions.passes.autograd import tensor_gradients, tensor_outputs, tensors_of
from bpcli.check.functions.passes.calling import Plan, plan_of, results_of
from bpcli.check.functions.passes.parts import gathered, never_checked, parts_claimed
from bpcli.check.functions.passes.signatures import Parameters, returned_names
from bpcli.check.functions.passes.subjects import Methods, Subject, gradients_left, held_by, output_left, subject_of
from bpcli.check.functions.passes.watching import calm, changed, copies, result
from bpcli.graph.shapes import shape_text


def local_callee(
    forward: Any,
    backward: Any = None,
    *,
    names: tuple[str, str] | None = None,
    methods: Methods = ("forward", "backward"),
    is_alone: bool = False,
) -> "LocalCallee":
    """The passes of two functions, of one that gives its own gradients, or of a class or an object with two methods.

    Raises MisbehaviourError where there is nothing to call.
    """
    subject = subject_of(forward, backward, methods)
    own = _name(forward)
    if subject.owner is None:
        names = names or (own, own if backward is None else _name(backward))
    return LocalCallee(
        subject, *(names or (f"{own}.{methods[0]}", f"{own}.{methods[1] or methods[0]}")), is_alone=is_alone
    )


def _name(given: Any) -> str:
    """What a function is called; an object goes by its class."""
    name: str = getattr(given, "__name__", type(given).__name__)
    return name


class Forward(NamedTuple):
    """A forward pass as it ran: what it was given, its object, what it returned, and whether it left anything there."""

    given: Mapping[str, Any]
    made: Any
    results: tuple[Any, ...]
    has_state: bool


class LocalCallee:
    """A forward and a backward pass that run here. Every call gets copies of its inputs, and the same random numbers.

    A pass that `is_alone` in its process was not interrupted by whoever runs bpcli: an interrupt is its own fault.
    """

    def __init__(self, subject: Subject, forward_name: str, backward_name: str, *, is_alone: bool = False) -> None:
        self.subject = subject
        self.forward_name = forward_name
        self.backward_name = backward_name
        self.is_alone = is_alone

    @property
    def parameters(self) -> Parameters:
        """What the inputs may be: the forward pass's, then the constructor's."""
        return self.subject.takes

    @property
    def backward_parameters(self) -> Parameters:
        """What the backward pass takes."""
        return self.subject.backward_takes

    def close(self) -> None:
        """Nothing is held."""

    def outputs(self, inputs: Inputs) -> tuple[Array, ...]:
        """What the forward pass gives, without a cache or a gradient. Raises MisbehaviourError."""
        with calm():
            ran = self._forward(inputs)
            return self._arrays(ran.results[: self._output_count(ran)])

    def takes_upstream(self, inputs: Inputs) -> bool:
        """Whether the backward pass takes an upstream gradient. Raises MisbehaviourError."""
        if self.subject.is_torch:
            return True
        if self.subject.backward is None:
            return False
        with calm():
            return self._plan(self._forward(inputs)).takes_upstream

    def moved(self, inputs: Inputs, name: str, entries: Array, values: Array) -> Array:
        """The outputs where one entry of one input is another: (n, outputs' size) for n entries, counted in order.

        All outputs are joined, flat, in float64. Raises MisbehaviourError, also where an output has another size.
        """
        rows: list[Array] = []
        count = None
        with calm():
            for entry, value in zip(entries, values, strict=True):
                ran = self._forward({**inputs, name: _with_entry(inputs[name], entry, value)})
                count = self._output_count(ran) if count is None else count
                flat = [np.asarray(one, float).ravel() for one in self._arrays(ran.results[:count])]
                rows.append(flat[0] if len(flat) == 1 else np.concatenate(flat))
        if any(len(row) != len(rows[0]) for row in rows):
            text = f"'{self.forward_name}' gives outputs of another shape where {name} moves"
            raise MisbehaviourError(Fault("another shape", self.forward_name, text))
        return np.array(rows) if rows else np.zeros((0, 0))

    def passed(self, inputs: Inputs, upstream: Sequence[Array] | None) -> Passed:
        """Both passes; an upstream gradient that is None is of ones. Raises MisbehaviourError."""
        with calm() as printed:
            ran = self._forward(inputs)
            by_forward = changed(inputs, ran.given)
            faults = (*printed.note(self.forward_name), *_changes(by_forward, self.forward_name))
            outputs = self._arrays(ran.results[: self._output_count(ran)])
            given = _upstream(outputs, upstream, self.forward_name)
            returned, by_backward = self._backward(inputs, ran, given)
            others = tuple(name for name in by_backward if name not in by_forward)
            faults += (*printed.note(self.backward_name), *_changes(others, self.backward_name))
            begun = self._begun(inputs)
            parts = parts_claimed(returned, ran.made, inputs, begun)
            faults += never_checked(ran.made, inputs, begun, parts, self.backward_name)
            slots = slots_of(inputs, self.parameters.names, outputs, parts)
            slots = slots._replace(returned=returned_names(self.subject.last))
            faults += left_unchecked(returned, slots, self.backward_name)
            gradients = self._gradients(slots, returned, ran.made, parts)
            return Passed(outputs, gradients, faults, parts, self._called(ran, (*gradients, *parts)))

    def _called(self, ran: Forward, names: Sequence[str]) -> str:
        """How the passes were called, and what their results were taken for."""
        forward = f"{self.forward_name}({', '.join(ran.given)})"
        found = ", ".join(f"d{name}" for name in names)
        if self.subject.is_torch:
            return ""
        if self.subject.backward is None:
            return f"out, {found} = {forward}"
        given, backward = self._plan(ran).called(len(ran.results), self.backward_name)
        return f"{given} = {forward}; {found} = {backward}"

    def _begun(self, inputs: Inputs) -> Any:
        """The object before anything was called; None for functions."""
        if self.subject.owner is None or self.subject.is_torch:
            return None
        return result(lambda: self.subject.made(copies(inputs)), self.forward_name, is_alone=self.is_alone)

    def _forward(self, inputs: Inputs) -> Forward:
        given = gathered(copies(inputs), self.subject.forward_takes)
        called = ", ".join(map(_shown, given, given.values()))
        made = None
        if self.subject.owner is not None:
            made = result(lambda: self.subject.made(given), self.forward_name, called, is_alone=self.is_alone)
        before = [] if made is None else held_by(made)
        taken = tensors_of(given) if self.subject.is_torch else given
        returned = result(lambda: self.subject.call(made, taken), self.forward_name, called, is_alone=self.is_alone)
        returned = output_left(made) if returned is None and made is not None else returned
        results = tensor_outputs(returned) if self.subject.is_torch else results_of(returned)
        if not results:
            text, hint = f"'{self.forward_name}' gives no output", "return an array of floats"
            raise MisbehaviourError(Fault("no numbers", self.forward_name, text, hint))
        after = [] if made is None else held_by(made)
        has_state = len(before) != len(after) or any(one is not other for one, other in zip(before, after, strict=True))
        return Forward(taken, made, results, has_state)

    def _plan(self, ran: Forward) -> Plan:
        takes, is_method = self.subject.backward_takes, self.subject.owner is not None
        names = [name for name in self.parameters.names if name in ran.given]
        names += [name for name in ran.given if name not in names]
        last = ran.results[-1]
        return plan_of(
            takes,
            names,
            ran.results,
            self.backward_name,
            is_method=is_method,
            has_state=ran.has_state,
            keeps_input=any(last is value for value in ran.given.values()),
        )

    def _output_count(self, ran: Forward) -> int:
        """How many of the results are outputs: one, where the others are its gradients."""
        if self.subject.is_torch:
            return len(ran.results)
        return 1 if self.subject.backward is None else self._plan(ran).outputs

    def _backward(self, inputs: Inputs, ran: Forward, upstream: Sequence[Array]) -> tuple[Any, tuple[str, ...]]:
        """What the backward pass returns, and the arrays that it changed."""
        if self.subject.is_torch:
            called = result(
                lambda: tensor_gradients(ran.results, ran.given, upstream),
                self.backward_name,
                "upstream",
                is_alone=self.is_alone,
            )
            return called, ()
        if self.subject.backward is None:
            returned = ran.results[1:]
            return returned[0] if len(returned) == 1 else returned, ()
        plan = self._plan(ran)
        mine, mine_upstream = gathered(copies(inputs), self.subject.forward_takes), [up.copy() for up in upstream]
        scalars = [up if up.ndim else up[()] for up in mine_upstream]
        places, names = plan.call(mine, ran.results, scalars)
        returned = result(
            lambda: self.subject.call_back(ran.made, places, names),
            self.backward_name,
            plan.text,
            is_alone=self.is_alone,
        )
        found = [*changed(inputs, mine), *changed(inputs, ran.given)]
        for own, up in zip(mine_upstream, upstream, strict=True):
            found += changed({"its upstream gradient": up}, {"its upstream gradient": own})
        return returned, tuple(dict.fromkeys(found))

    def _arrays(self, results: Sequence[Any]) -> tuple[Array, ...]:
        several = len(results) > 1
        words = [f"output {place}" if several else "output" for place in range(1, len(results) + 1)]
        values = [one.detach().numpy() for one in results] if self.subject.is_torch else results
        return tuple(as_array(value, self.forward_name, word) for value, word in zip(values, words, strict=True))

    def _gradients(self, slots: Slots, returned: Any, made: Any, parts: Collection[str]) -> dict[str, Array]:
        """The gradients that were returned, and those that were left in the object; those of parts alone are none."""
        kept = {} if made is None else gradients_left(made, tuple(slots.shapes))
        left = slots.beside(kept, returned)
        found = {} if returned is None else gradients_by_name(returned, left, self.backward_name)
        others = {name: value for name, value in kept.items() if name not in found}
        found |= gradients_by_name(others, slots, self.backward_name)
        if not found and not parts:
            text = f"'{self.backward_name}' gives no gradient"
            hint = "return one for each input, in order, or a mapping by name"
            raise MisbehaviourError(Fault("no gradient", self.backward_name, text, hint))
        return found


def _changes(names: Sequence[str], where: str) -> tuple[Fault, ...]:
    """A note for each array that a pass changed."""
    hint = "work on a copy: whoever calls it still needs the array"
    return tuple(
        Fault("changes its inputs", where, f"'{where}' changes {name} in place", hint, is_fatal=False) for name in names
    )


def _shown(name: str, value: Any) -> str:
    """An input with its shape, as an error in NumPy seldom says whose shapes do not fit."""
    shape = value.shape if isinstance(value, np.ndarray) else ()
    return f"{name} of shape {shape_text(shape)}" if shape else name


def _with_entry(value: Any, entry: int, moved: float) -> Any:
    """An array with one entry moved, or a number moved."""
    if not isinstance(value, np.ndarray):
        return type(value)(moved)
    found = value.copy()
    found.reshape(-1)[entry] = moved
    return found


def _upstream(outputs: Sequence[Array], upstream: Sequence[Array] | None, where: str) -> list[Array]:
    """An upstream gradient for each output, of its shape. Raises MisbehaviourError where the outputs are others now."""
    if upstream is None:
        return [np.ones(output.shape) for output in outputs]
    if [np.size(up) for up in upstream] != [output.size for output in outputs]:
        text = f"'{where}' gives outputs of another shape than before"
        raise MisbehaviourError(Fault("another shape", where, text))
    return [np.array(up).reshape(output.shape) for up, output in zip(upstream, outputs, strict=True)]
