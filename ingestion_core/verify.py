"""``python -m ingestion_core.verify``: an old spelling of ``verify``."""

import sys

from ingestion_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["verify", *sys.argv[1:]]))
