"""A replay of the OpenF1 API: recorded or sample rows, served with production's behaviour.

Start it with `python -m local.replay`, or within a test by local.replay.server.ReplayServer. That
of a wiki is in wiki/; what both have is in serving.py, replayed.py, faults.py and limits.py.
"""
