"""Several engines that judge the same cases by the same rules; `benchmarks/peers.py` compares them.

Every engine is one module with `build(rulebase) -> Judge`. The rules are translated by a program, from the loaded
rule base; nothing is written by hand for any of them. `common` says what a judge is and holds what they share.
"""
