"""``python -m ingestion_core.healthcheck``: an old spelling of ``healthcheck``."""

import sys

from ingestion_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["healthcheck", *sys.argv[1:]]))
