"""One machine without Azure: PostgreSQL, Azurite, the replays and the host, started as one.

What other rooms use of it: ``Postgres``, ``Azurite`` and ``Process``, each a context manager.
This file imports nothing: setting up and cleaning run before, and without, the requirements.
"""
