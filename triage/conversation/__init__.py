"""How answers come in: which question is next, the askers, answer files and scenarios. Nothing here decides what follows."""
