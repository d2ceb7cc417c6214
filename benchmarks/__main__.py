"""``make bench``: every measurement in turn, one line each."""

from benchmarks import imports, season


def main() -> None:
    """Measure and print."""
    imports.main()
    season.main()


if __name__ == "__main__":
    main()
