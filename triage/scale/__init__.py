"""Many answer sets at once: reading rows, rules as expressions over columns, writing results, counting them."""

from triage.knowledge.faults import Fault, FaultyInput
from triage.version import how_to_install

try:
    import polars as polars
except ImportError:
    _what = "need polars, which is not installed"
    raise FaultyInput([Fault("many rows", 0, _what, how_to_install("batch"), code="LCT700")]) from None
