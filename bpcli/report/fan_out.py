"""Convolutions as backpropagation sees them: the fan-out map, and the two gradients, which are convolutions again."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from bpcli.backprop.fan_out import FanOut, FanOuts
from bpcli.graph.names import FreeNames
from bpcli.graph.sliding import Sliding
from bpcli.report.formulas import Labels, formula_of
from bpcli.report.layout import Line, Piece
from bpcli.report.page import Page

MOST_ALONG = 16  # rows and columns of a map that are shown to the eye
MOST_IN_A_PIPE = 1000
MOST_SMALL = 36  # entries of a gradient that is written out
GAP = "     "


def fan_out_report(found: FanOuts, page: Page) -> list[Line]:
    """A section for each convolution."""
    lines: list[Line] = []
    for one in found.convolutions:
        lines += [*_Writer(one, found, page).lines(), []]
    return lines[:-1]


def sliding_text(sliding: Sliding) -> str:
    """How the kernel slides: `stride 1, no padding`."""
    around = f"padding {_sizes(sliding.padding)}" if any(sliding.padding) else "no padding"
    words = [f"stride {_sizes(sliding.stride)}", around]
    words += [f"dilation {_sizes(sliding.dilation)}"] if set(sliding.dilation) != {1} else []
    words += [f"{sliding.groups} groups"] if sliding.groups != 1 else []
    return ", ".join(words)


def _sizes(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else " by ".join(map(str, sizes))


class _Writer:
    """Writes one convolution on a page."""

    def __init__(self, one: FanOut, found: FanOuts, page: Page) -> None:
        self._one = one
        self._page = page
        self._labels: Labels = found.labels
        image, kernel = one.node.inputs
        self._image, self._kernel = self._labels.get(image, "the image"), self._labels.get(kernel, "the kernel")
        self._value = self._labels[one.node]
        output = found.graph.output
        free = FreeNames(self._labels.values()).take("L")  # some number that is made of an array
        of = free if output.shape else self._labels.get(output, "f")
        sign = page.signs.partial
        self._to_image, self._to_kernel, self._upstream = (
            f"{sign}{of}/{sign}{name}" for name in (self._image, self._kernel, self._value)
        )

    def lines(self) -> list[Line]:
        """The map, and what flows back."""
        one, page = self._one, self._page
        image, kernel = one.node.inputs
        about = f"how many entries of {self._value} each entry of {self._image} feeds"
        head = f"  {self._value} = {formula_of(one.node, self._labels)}: {sliding_text(one.sliding)}"
        note = (
            []
            if one.filters == 1
            else [[Piece(f"  times {one.filters}, as each window feeds so many filters", "note")]]
        )
        return [
            *page.title("FAN-OUT", about),
            [Piece(head)],
            *[[Piece(f"    {row}", "value")] for row in self._map()],
            *note,
            [],
            *page.title("BACKWARD", "the two gradients are convolutions again"),
            *(self._said(self._about_image()) if image.varies else ()),
            *self._blocks(
                [(self._upstream, one.upstream), (self._rotated(), self._turned()), (self._to_image, one.back[0])]
            ),
            *(self._said(self._about_kernel()) if kernel.varies else ()),
            *self._blocks([(self._to_kernel, one.back[1])]),
        ]

    # The map ---------------------------------------------------------------------------------------------------------

    def _map(self) -> list[str]:
        most = MOST_ALONG if self._page.is_short else MOST_IN_A_PIPE
        windows = self._one.windows
        rows = windows if isinstance(windows[0], list) else [windows]
        gap = self._page.signs.ellipsis
        shown = [_thinned([str(count) for count in row], most, gap) for row in rows]
        return _aligned(_thinned(shown, most, [gap] * len(shown[0])))

    # What flows back --------------------------------------------------------------------------------------------------

    def _about_image(self) -> str:
        sliding = self._one.sliding
        text = f"{self._part(0, self._to_image)} is the full convolution of {self._upstream}{_dilated_first(sliding)}"
        text += f" with {self._kernel}"
        if set(sliding.dilation) != {1}:
            text += f" ({_zeros([one - 1 for one in sliding.dilation])} between its entries)"
        text += " rotated by 180°"
        if any(sliding.padding):
            text += f", cut by {_sizes(sliding.padding)} on each side, where the padding is"
        if self._is_uneven():
            text += "; 0 where no window reaches"
        text += self._over_channels("each channel, summed over the filters")
        return f"{text}. Full: {self._one.node.op.written} slides over it with {_zeros(self._reach())} around it."

    def _about_kernel(self) -> str:
        sliding = self._one.sliding
        text = f"{self._part(1, self._to_kernel)} is the valid correlation of {self._image}"
        if any(sliding.padding):
            text += f" (with {_zeros(sliding.padding)} around it)"
        text += f" with {self._upstream}{_dilated_first(sliding)}"
        if set(sliding.dilation) != {1}:
            text += f", at a stride of {_sizes(sliding.dilation)}, the dilation"
        if self._is_uneven():
            text += f"; what no window of {self._image} reaches is left out"
        text += self._over_channels("each filter and channel, summed over the images")
        more = "more " if any(sliding.padding) else ""
        return f"{text}. Valid: no {more}zeros around it."

    def _reach(self) -> list[int]:
        """How far the kernel reaches beyond its first entry, along each axis."""
        sliding = self._one.sliding
        lengths = self._one.node.inputs[1].shape[-len(sliding.stride) :]
        return [spread * (length - 1) for length, spread in zip(lengths, sliding.dilation, strict=True)]

    def _is_uneven(self) -> bool:
        """Whether the last windows end before the padded input does."""
        one, sliding = self._one, self._one.sliding
        image, kernel = one.node.inputs
        n = len(sliding.stride)
        sizes = zip(image.shape[-n:], kernel.shape[-n:], sliding.stride, sliding.padding, sliding.dilation, strict=True)
        return any(
            (size + 2 * around - spread * (length - 1) - 1) % step for size, length, step, around, spread in sizes
        )

    def _over_channels(self, text: str) -> str:
        return f", for {text}" if len(self._one.node.inputs[1].shape) > len(self._one.sliding.stride) else ""

    def _part(self, position: int, name: str) -> str:
        return f"The part of {name} that comes through {self._value}" if self._one.shared[position] else name

    def _rotated(self) -> str:
        return f"{self._kernel} rotated"

    def _turned(self) -> Any:
        n = len(self._one.sliding.stride)
        return self._one.kernel[(..., *[slice(None, None, -1)] * n)] if self._one.back[0] is not None else None

    def _said(self, text: str) -> Iterator[Line]:
        for row in wrap(text, int(self._page.line) - 2, break_long_words=False, break_on_hyphens=False):
            yield [Piece(f"  {row}")]

    def _blocks(self, titled: Sequence[tuple[str, Any]]) -> Iterator[Line]:
        """Small matrices beside each other, each below its name; below each other where the page is narrow."""
        blocks = []
        for title, value in titled:
            if value is not None and value.ndim <= 2 and value.size <= MOST_SMALL:  # noqa: PLR2004 - rows and columns
                rows = value.tolist() if value.ndim == 2 else [value.tolist()]  # noqa: PLR2004 - the same
                blocks.append([title, *_aligned([[self._page.number(number) for number in row] for row in rows])])
        if not blocks or any(value is None for _, value in titled):
            return
        beside = _beside(blocks)
        rows_shown = (
            beside if max(map(len, beside)) + 4 <= self._page.width else [row for block in blocks for row in block]
        )
        for row in rows_shown:
            yield [Piece(f"    {row}", "gradient")]


def _dilated_first(sliding: Sliding) -> str:
    if set(sliding.stride) == {1}:
        return ""
    between = _zeros([one - 1 for one in sliding.stride])
    return f" (dilated first: {between} between its entries, as the stride is {_sizes(sliding.stride)})"


def _zeros(counts: Sequence[int]) -> str:
    return "1 zero" if set(counts) == {1} else f"{_sizes(counts)} zeros"


def _thinned(items: list[Any], most: int, gap: Any) -> list[Any]:
    """The first and the last items of a long row, with a gap between them."""
    if len(items) <= most:
        return items
    return [*items[: most // 2], gap, *items[-(most // 2) :]]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns, set to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [" ".join([cell.rjust(width) for cell, width in zip(row, widths, strict=True)]) for row in rows]


def _beside(blocks: Sequence[Sequence[str]]) -> list[str]:
    height = max(map(len, blocks))
    widths = [max(map(len, block)) for block in blocks]
    rows = []
    for place in range(height):
        cells = [block[place] if place < len(block) else "" for block in blocks]
        rows.append(GAP.join([cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]).rstrip())
    return rows
