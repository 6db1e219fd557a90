"""What is tried on the program besides its tests: broken files, random answers, kills, no network.

Each module has `run(count, seed) -> Result`. The tests run a sample with a fixed seed;
`python tests/evidence.py` runs the full counts and writes docs/evidence.md.
"""
