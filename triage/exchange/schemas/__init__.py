"""JSON Schemas (draft-07) of the files that people write and of the results that programs read.

They are made from the rule base and from the types that these files are read into and results are written from, so
that there is no second list of anything. Draft-07 is what editors of TOML know.
"""

RULES = "rules"
KINDS = ("answers", "scenario", "assessment", "row", "summary", RULES)
