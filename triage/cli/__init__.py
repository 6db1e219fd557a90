"""The command line: one module a command, which reads what was typed and calls the rooms below."""
