"""What tests of errors share."""

from bpcli.errors import BpcliError


def marked(error: BpcliError) -> list[str]:
    """What the carets of an error stand under."""
    return [(error.text or "")[span.start : span.end] for span in error.spans]
