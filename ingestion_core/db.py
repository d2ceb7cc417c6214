"""``python -m ingestion_core.db audit`` and ``clean-racing``: old spellings without the ``.db``."""

import sys

from ingestion_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
