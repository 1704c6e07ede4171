"""The judge of a problem over arrays."""

from collections.abc import Sequence

from bpcli.backprop.gradients import Gradients
from bpcli.check.entrywise import ArrayPoint
from bpcli.check.groups import Group
from bpcli.check.homework.judges import Found
from bpcli.check.homework.posing import Posed
from bpcli.check.homework.written import LIMITS, Written
from bpcli.check.nearness import Tolerance
from bpcli.check.results import Check
from bpcli.errors import InternalError


class ArrayJudge:
    """The judge at a point of arrays, of which every entry is judged."""

    def __init__(self, posed: Posed, own: Gradients) -> None:
        targets = [item.node for item in posed.items if item.kind == "gradient"]
        self._seed = posed.seed
        self._here = ArrayPoint(own, list(dict.fromkeys(targets)), posed.names)
        self._asking = self._here.asking({}, LIMITS)

    def found(self, place: int, written: Written, near: Tolerance, form: str) -> Group:
        """The verdict on every entry of one answer. Raises ShapeError where it has another shape."""
        del place, form
        if written.claim is None:
            message = "nothing was written that could be judged"
            raise InternalError(message)
        return self._here.group(self._asking.question(written.claim, written.formula, near))

    def together(self, found: Sequence[Found]) -> tuple[Sequence[Found], Check]:
        """The groups with the first wrong step and what each is consistent with."""
        groups = [one for one in found if isinstance(one, Group)]
        check = self._here.answer(groups, self._seed)
        told = {group.key: group for group in check.groups}  # by layer, which may be another order
        return [told[group.key] for group in groups], check
