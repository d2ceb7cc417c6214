"""``make bench``: every measurement in turn, one line each."""

from benchmarks import archive, imports, pages, results, season


def main() -> None:
    """Measure and print."""
    imports.main()
    season.main()
    results.main()
    pages.main()
    archive.main()


if __name__ == "__main__":
    main()
