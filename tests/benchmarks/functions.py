"""The corpus of functions with right and wrong gradients: verdicts, causes, seconds.

    python tests/benchmarks/functions.py [NAME…]

With names, these functions alone.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from function_corpus import SUBJECTS
from function_corpus.judged import check, is_told


def main(names: list[str]) -> None:
    """Print what is found."""
    begun = perf_counter()
    verdicts: dict[str, Counter[str]] = {"right": Counter(), "wrong": Counter()}
    told: Counter[str] = Counter()
    bugs: Counter[str] = Counter()
    for subject in SUBJECTS:
        if names and subject.name not in names:
            continue
        verdicts["right"][check(subject).verdict.value] += 1
        for slip in subject.slips:
            start = perf_counter()
            found = check(subject, slip)
            verdicts["wrong"][found.verdict.value] += 1
            bugs[slip.bug] += 1
            told[slip.bug] += is_told(found, slip)
            if not is_told(found, slip):
                causes = [f"{group.key}: {cause.text}" for group in found.worst_groups for cause in group.causes]
                print(f"  not told: {subject.name}, {slip.bug}: {slip.right} -> {slip.wrong}: {causes}")
            if perf_counter() - start > 1:
                print(f"  slow: {subject.name}, {slip.bug}: {perf_counter() - start:.1f} s")
    for bug, count in sorted(bugs.items()):
        print(f"{bug:45} {told[bug]:3} of {count:3}")
    share = told.total() / max(1, bugs.total())
    print(f"{len(SUBJECTS)} functions: right {dict(verdicts['right'])}, wrong {dict(verdicts['wrong'])}")
    print(f"causes told: {told.total()} of {bugs.total()}, {share:.1%}; {perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Verdicts and causes over the corpus of functions.")
    parser.add_argument("names", nargs="*", help="functions of the corpus; all, if none is named")
    main(parser.parse_args().names)
