"""What rules/ says: the types of its tables, reading and checking them, and their words. Nothing here runs a rule."""
