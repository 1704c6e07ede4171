"""Layers in which chance enters: a mask is drawn from the seed, the value and the gradient follow from it."""

import numpy as np
import pytest

from bpcli import grad
from bpcli.backprop.gradients import Gradients

MANY = np.linspace(-2, 2, 40_000).reshape(200, 200)
IMAGES = np.linspace(1, 2, 2 * 50 * 3 * 4).reshape(2, 50, 3, 4)


def summed(layer: str, x: object, **setup: object) -> Gradients:
    """What the sum behind a layer says at x."""
    return grad(f"x -> {layer} -> sum", {"x": x}, **setup)  # type: ignore[arg-type]  # keywords as they come


def test_dropout_is_its_mask() -> None:
    """The value is that of x times the mask, the gradient the mask itself: 1/(1 - p) where an entry is kept, else 0."""
    result = summed("Dropout(0.2)", MANY)
    mask = np.asarray(result.at["0.mask"])

    assert set(np.unique(mask)) == {0, 1 / 0.8}
    assert result.value == pytest.approx(np.sum(MANY * mask), rel=1e-12)
    assert np.array_equal(result.gradients["x"], mask)
    assert set(result.gradients) == {"x"}


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_drops_a_share_of_p(p: float) -> None:
    """Within five standard deviations of the binomial law, at any seed; so that the mean of the mask is 1."""
    for seed in range(3):
        mask = summed(f"Dropout({p})", MANY, random_seed=seed).gradients["x"]

        assert np.mean(mask == 0) == pytest.approx(p, abs=5 * (p * (1 - p) / MANY.size) ** 0.5)


def test_a_seed_gives_one_mask() -> None:
    """The same again, another at another seed, and another in each layer."""
    masks = [summed("Dropout", MANY, random_seed=seed).gradients["x"] for seed in (0, 0, 1)]
    both = grad("x -> Dropout -> Dropout -> sum", {"x": MANY}).at

    assert np.array_equal(masks[0], masks[1])
    assert np.mean(masks[0] == masks[2]) == pytest.approx(1 / 2, abs=0.02)
    assert np.mean(both["0.mask"] == both["1.mask"]) == pytest.approx(1 / 2, abs=0.02)


@pytest.mark.parametrize(
    ("layer", "x", "mask"),
    [
        ("Dropout1d", IMAGES[0, :, 0], (50, 1)),
        ("Dropout1d", IMAGES[:, :, 0], (2, 50, 1)),
        ("Dropout2d", IMAGES, (2, 50, 1, 1)),
        ("Dropout2d", IMAGES[:, :, 0], (2, 50, 1)),
        ("Dropout3d", IMAGES.swapaxes(0, 1), (50, 1, 1, 1)),
        ("Dropout3d", IMAGES[:, :, None], (2, 50, 1, 1, 1)),
    ],
)
def test_channels_are_dropped_whole(layer: str, x: np.ndarray, mask: tuple[int, ...]) -> None:
    """With a batch in front or without; a channel is kept or dropped in all its places."""
    result = summed(f"{layer}(p=0.3)", x)

    assert result.at["0.mask"].shape == mask
    assert set(np.unique(result.at["0.mask"])) == {0, 1 / 0.7}
    assert np.array_equal(result.gradients["x"], np.broadcast_to(result.at["0.mask"], x.shape))


def test_evaluation_draws_nothing() -> None:
    """Dropout hands on x itself."""
    result = summed("Dropout", MANY, evaluation_mode=True)

    assert set(result.at) == {"x"}
    assert np.array_equal(result.gradients["x"], np.ones(MANY.shape))


def test_rrelu_draws_a_slope_for_each_entry() -> None:
    """Uniform between its bounds below 0, and 1 above."""
    result = summed("RReLU(0.1, 0.3)", MANY)
    slopes = result.gradients["x"]

    assert np.all(slopes[MANY > 0] == 1)
    assert np.array_equal(slopes[MANY < 0], result.at["0.slope"][MANY < 0])
    assert slopes[MANY < 0].min() == pytest.approx(0.1, abs=1e-3)
    assert slopes[MANY < 0].max() == pytest.approx(0.3, abs=1e-3)
    assert slopes[MANY < 0].mean() == pytest.approx(0.2, abs=1e-3)
