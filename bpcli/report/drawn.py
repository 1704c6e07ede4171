"""What chance decided in a network, in words: reports, and the notes beside them, say it with the seed."""

from bpcli.graph.network import Network

WORDS = {"parameter": "parameters", "draw": "dropout masks"}


def drawn_words(network: Network) -> str:
    """What was drawn, and the seed it came from; nothing where nothing was."""
    what = [words for kind, words in WORDS.items() if kind in network.decided_by_chance]
    return f"{' and '.join(what)} drawn from --random-seed {network.random_seed}" if what else ""
