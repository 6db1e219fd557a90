"""Leg-cramp triage: a questionnaire and the rules that read its answers."""

__version__ = "1.0.0"
