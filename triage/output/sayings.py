"""Sentences that several rooms say in the same words."""

from __future__ import annotations

from triage.knowledge.model import SafetyNet

# Where two ticked lines do not go together.
BOTH = "Two of these do not go together: the more urgent one counts."


def net_sentences(net: SafetyNet) -> tuple[str, str]:
    """The signs to come back for today, and those of an emergency, as a sentence each."""
    return f"{net.say_today} {'; '.join(net.today)}.", f"{net.say_emergency} {'; '.join(net.emergency)}."
