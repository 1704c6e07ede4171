"""What chance decided in a network, in words: reports, and the notes beside them, say it with the seed."""

from bpcli.graph.network import Network

WORDS = {"parameter": "parameters", "draw": "dropout masks"}


def drawn_words(network: Network) -> str:
    """What was drawn, and the seed it came from; nothing where nothing was. Beside parameters given, `other` ones."""
    is_given = any(one.kind == "parameter" and one.variable.name not in network.drawn for one in network.parameters)
    words = {**WORDS, "parameter": f"other {WORDS['parameter']}"} if is_given else WORDS
    what = [said for kind, said in words.items() if kind in network.decided_by_chance]
    said = f"{' and '.join(what)} drawn from --random-seed {network.random_seed}" if what else ""
    return said + _scheme_words(network) if "parameter" in network.decided_by_chance else said


def _scheme_words(network: Network) -> str:
    """By what scheme and scale weights were drawn, where it is not as each layer of PyTorch draws them."""
    scheme = "" if network.initial_weights == "default" else f" by --initial-weights {network.initial_weights}"
    scale = "" if network.initial_scale == 1 else f" times --initial-scale {network.initial_scale!r}".removesuffix(".0")
    return f", weights{scheme}{scale}" if scheme or scale else ""
