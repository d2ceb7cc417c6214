"""What things cost, as ratios within one run: never seconds, which belong to a machine."""
