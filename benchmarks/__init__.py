"""What things cost, as ratios within one run: not in seconds, which belong to a machine.

But for the import of the archive, which has a bound in seconds.
"""
