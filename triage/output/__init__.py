"""What a person is shown: one view of a result, its formats, and the rules in words. Nothing here decides or asks."""
