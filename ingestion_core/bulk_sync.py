"""``python -m ingestion_core.bulk_sync``: an old spelling of ``bulk-sync``."""

import sys

from ingestion_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["bulk-sync", *sys.argv[1:]]))
