"""Many answer sets at once: reading rows, rules as expressions over columns, writing results, counting them."""

from triage.knowledge.faults import Fault, FaultyInput

try:
    import polars as polars
except ImportError:
    _hint = 'pip install "leg-cramp-triage[batch]"'
    raise FaultyInput([Fault("many rows", 0, "need polars, which is not installed", _hint, code="LCT700")]) from None
