"""A replay of a wiki: saved pages, served as MediaWiki serves them.

Start it with `python -m local.replay.wiki`, or within a test by `WikiServer` of server.py.
"""
