"""What follows from answers: the engine, the conditions, the assessment and its reasons. Nothing here asks or prints."""
