"""What is wrong with a flow of gradients, and what to do about it: one file a fault."""

from bpcli.flow.diagnoses.diagnosing import KINDS, diagnoses_of
from bpcli.flow.diagnoses.thresholds import DEFAULTS, KNOWN, Thresholds, thresholds_from

__all__ = ["DEFAULTS", "KINDS", "KNOWN", "Thresholds", "diagnoses_of", "thresholds_from"]
