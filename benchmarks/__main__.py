"""``make bench``: every measurement in turn, one line each."""

from benchmarks import archive, imports, results, season


def main() -> None:
    """Measure and print."""
    imports.main()
    season.main()
    results.main()
    archive.main()


if __name__ == "__main__":
    main()
