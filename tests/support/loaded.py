"""Everything that the app and its host ever load: whoever is forked from here has it already."""

import importlib
import pkgutil

import functions
import ingestion_core
from ingestion_core.sources.http import HttpClient
from tests.support.gates import OpenGate

for package in (functions, ingestion_core):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

# The certificates are read, and httpx loads its transport, when a process makes its first client.
HttpClient(OpenGate(), timeout=1, user_agent="parcferme").close()
