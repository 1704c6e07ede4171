"""Attention: masks, what is drawn, the function of torch.nn.functional in expressions, and what is refused."""

from math import sqrt

import numpy as np
import pytest

from bpcli import UsageError, Verdict, check_expression, grad
from bpcli.graph.network import Draw
from bpcli.layers import LAYERS

RANDOM = np.random.default_rng(7)
Q, K, V = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=(4, 2)), RANDOM.normal(size=(4, 2))
AT = {"q": Q, "k": K, "v": V}
CALL = "scaled_dot_product_attention"
USAGE = f"write {CALL}(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False)"


def test_equal_scores_weigh_equally() -> None:
    """A query of zeros takes the mean of the values; with the causal mask, that of the first ones (a running mean)."""
    at = {"q": np.zeros((3, 2)), "k": np.ones((3, 2)), "v": [[6], [0], [3]]}

    assert grad(f"sum({CALL}(q, k, v)[0])", at).value == pytest.approx(3)
    causal = grad(f"{CALL}(q, k, v, is_causal=True)", at, seed=np.ones((3, 1)))
    assert causal.value == pytest.approx(np.array([[6], [3], [3]]))
    assert causal.gradients["v"] == pytest.approx(np.array([[1 + 1 / 2 + 1 / 3], [1 / 2 + 1 / 3], [1 / 3]]))


def test_a_mask_is_no_matter_of_size() -> None:
    """What a mask leaves out does not count, however large its score is beside the others."""
    at = {"q": [[1], [1]], "k": [[-1000], [1000]], "v": [[5], [7]]}

    assert grad(f"sum({CALL}(q, k, v, is_causal=True, scale=1)*[[1], [0]])", at).value == 5


def test_where_nothing_takes_part_the_output_is_0() -> None:
    """As in PyTorch since 2.5, and no gradient flows."""
    result = grad(f"sum({CALL}(q, k, v, mask > 0))", {**AT, "mask": np.zeros((3, 4))})

    assert result.value == 0
    assert not any(gradient.any() for gradient in result.gradients.values())


def test_a_mask_is_a_comparison_or_is_added() -> None:
    """A comparison chooses as PyTorch's truth values do; an array, also one of 0 and 1, is added to the scores."""
    lower = np.tril(np.ones((3, 4)))
    causal, chosen, added = (
        grad(f"sum({CALL}(q, k, v, {mask})**2)", {**AT, "mask": lower} if "mask" in mask else AT).value
        for mask in ("is_causal=True", "mask > 0.5", "attn_mask=mask")
    )

    assert causal == chosen
    assert added != pytest.approx(causal)


def test_a_function_is_called_or_is_a_stage() -> None:
    """As a stage it takes what comes before as its query."""
    called, staged = grad(f"sum({CALL}(q, k, v))", AT), grad(f"q -> {CALL}(k, v) -> sum", AT)

    assert called.value == staged.value
    assert list(called.gradients) == ["q", "k", "v"]


def test_a_name_of_ones_own_is_no_function() -> None:
    """A variable that is called so is one."""
    assert grad(f"{CALL}*2", {CALL: 3}).value == 6


def test_dropout_of_two_calls_is_drawn_twice() -> None:
    """PyTorch's function drops in evaluation mode too; each call draws its own mask."""
    text = f"{CALL}(q, k, v, dropout_p=0.5) - {CALL}(q, k, v, dropout_p=0.5)"
    result = grad(text, AT, seed=np.ones((3, 2)), evaluation_mode=True)

    assert result.value.any()


def test_attention_with_masks_can_be_checked() -> None:
    """No infinity stands in the way: differences and SymPy find the same gradients."""
    found = check_expression("x -> MultiheadAttention(1, is_causal=True) -> square -> sum", {"x": Q[:2, :1]})

    assert found.verdict is Verdict.AGREE


def test_parameters_are_drawn_as_in_pytorch() -> None:
    """torch.nn.MultiheadAttention._reset_parameters, and nn.Linear for out_proj.weight."""
    network = grad("x -> MultiheadAttention(2, add_bias_kv=True) -> sum", {"x": np.ones((3, 4))}).graph.network
    assert network is not None

    assert {one.variable.name: one.draw for one in network.parameters} == {
        "0.in_proj_weight": Draw("uniform", -sqrt(6 / 16), sqrt(6 / 16), blocks=3),
        "0.in_proj_bias": Draw("constant", 0.0),
        "0.bias_k": Draw("normal", 0.0, 1 / 2),
        "0.bias_v": Draw("normal", 0.0, 1 / 2),
        "0.out_proj.weight": Draw("uniform", -1 / 2, 1 / 2),
        "0.out_proj.bias": Draw("constant", 0.0),
    }


def test_dropout_zeroes_weights_in_training() -> None:
    """Of a head whose scores are equal, each weight is 0 or twice its share."""
    text = "x -> MultiheadAttention(1, dropout=0.5) -> attn_output_weights"
    given, seed = {"x": np.zeros((4, 1))}, np.ones((4, 4))

    assert set(np.unique(grad(text, given, seed=seed).value)) == {0.0, 0.5}
    assert (grad(text, given, seed=seed, evaluation_mode=True).value == 0.25).all()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (f"{CALL}(q, k)", f"{CALL} has no 'value'", USAGE),
        (f"q -> {CALL}", f"{CALL} has no 'key'", USAGE),
        (f"{CALL}(q, k, v, query=q)", f"{CALL} is given twice 'query'", USAGE),
        (f"{CALL}(q, k, v, None, 0, False, None, False, 1)", f"{CALL} takes 8 arguments, got 9", USAGE),
        (f"{CALL}(q, k, v, causal=True)", f"{CALL} has no argument 'causal'", USAGE),
        (f"{CALL}(q, k, v, dropout_p=2)", f"'dropout_p' of {CALL} must be a number from 0 to 1", USAGE),
        (
            f"{CALL}(q, k, v, q@k.T > 0, is_causal=True)",
            "'attn_mask' and 'is_causal' exclude each other: give one of them",
            USAGE,
        ),
        (
            f"{CALL}(q, k, v, enable_gqa=True)",
            "'enable_gqa' is not here yet: give query, key and value the same number of heads",
            USAGE,
        ),
        (
            f"{CALL}(q, k, q)",
            f"{CALL}(q, k, q) expects query (…, L, E), key (…, S, E) and value (…, S, Ev), got (3, 2), (4, 2), (3, 2)",
            "query and key have the same features, key and value as many rows",
        ),
        (
            f"{CALL}(q, k, v, q > 0)",
            f"the attn_mask of {CALL}(q, k, v, q > 0) has shape (3, 2), the scores have (3, 4)",
            "q has shape (3, 2)",
        ),
        (f"{CALL}(q, k > 0, v)", "a comparison is true or false, not a number", "write it as in where(x > 0, 1, 0)"),
        (
            "scaled_dot_product_atention(q, k, v)",
            "unknown function 'scaled_dot_product_atention'",
            f"did you mean '{CALL}'?",
        ),
        (
            "q -> MultiheadAttention(3)",
            "'embed_dim', 2, must be a multiple of 'num_heads', 3",
            f"write {LAYERS['MultiheadAttention'].usage(is_bare=True)}",
        ),
        (
            "q -> MultiheadAttention(1, kdim=3)",
            "'kdim' must be 2, like 'embed_dim': in a pipeline attention is self-attention",
            "leave it out",
        ),
        (
            "q -> nn.MultiheadAttention(4, 2)",
            "MultiheadAttention(4, 2) expects 4 features, q gives 2",
            "q has shape (3, 2)",
        ),
    ],
)
def test_what_attention_cannot_take_is_told(text: str, message: str, hint: str | None) -> None:
    """In words, and what to do now."""
    with pytest.raises(UsageError) as caught:
        grad(text, {name: AT[name] for name in "qkv" if f"{name}," in text or f", {name}" in text or name == text[0]})

    assert caught.value.message == message
    assert caught.value.hint == hint
