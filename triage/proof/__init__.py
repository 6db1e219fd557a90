"""What must hold for every answer set: proofs, hazards, and rules as tests. Nothing here is needed for a result."""
