"""What people decide: calibrations, overrides of the tier, and the round in which its moves are reviewed."""
