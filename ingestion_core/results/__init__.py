"""Results: the only package that knows the product's results and schema spoilers.

Opted into by RESULTS_ENABLED. Only the task that loads them, its queue function and the command
that shows them reach in here. No exception leaves with a value in it.
"""
