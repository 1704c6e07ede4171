"""What chance decided in a network, in words: reports, and the notes beside them, say it with the seed."""

from bpcli.graph.network import Network

PLAIN = ("default", 1.0)  # as each layer of PyTorch draws them
WORDS = {"parameter": "parameters", "draw": "dropout masks"}


def drawn_words(network: Network) -> str:
    """What was drawn, and the seed it came from; nothing where nothing was."""
    what = [words for kind, words in WORDS.items() if kind in network.decided_by_chance]
    said = f"{' and '.join(what)} drawn from --random-seed {network.random_seed}" if what else ""
    if "parameter" in network.decided_by_chance and (network.initial_weights, network.initial_scale) != PLAIN:
        said += f", weights by --initial-weights {network.initial_weights}"
        said += f" times {network.initial_scale:g}" if network.initial_scale != 1 else ""
    return said
