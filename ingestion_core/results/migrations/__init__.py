"""Numbered SQL files of schema spoilers, each run once."""
