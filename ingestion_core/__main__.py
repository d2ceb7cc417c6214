"""``python -m ingestion_core``."""

import sys

from ingestion_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
