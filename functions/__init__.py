"""Doors: parse, call a task, answer. One room for each kind of trigger.

The Functions worker indexes these signatures: no ``X | None``, no ``list[str]`` in them.
"""
