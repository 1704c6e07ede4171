"""The domains that several ops share: in words over the rule's names, as a test, as an interval to draw from."""

from math import inf

from bpcli.graph.op import Domain

POSITIVE = Domain("x > 0", lambda x: x > 0, ((0.05, 5.0),))
NOT_NEGATIVE = Domain("x >= 0", lambda x: x >= 0, ((0.05, 5.0),))
NOT_ZERO = Domain("x != 0", lambda x: x != 0, ((0.1, 3.0),))
UP_TO_ONE = Domain("-1 <= x <= 1", lambda x: -1 <= x <= 1, ((-0.95, 0.95),))
WITHIN_ONE = Domain("-1 < x < 1", lambda x: -1 < x < 1, ((-0.95, 0.95),))
FROM_ONE = Domain("abs(x) >= 1", lambda x: abs(x) >= 1, ((1.05, 4.0),))
BEYOND_ONE = Domain("abs(x) > 1", lambda x: abs(x) > 1, ((1.05, 4.0),))
NO_POLE = Domain(
    "x other than 0, -1, -2, …",
    lambda x: x > 0 or x != x // 1 or x == -inf,
    ((0.1, 4.0),),
)
