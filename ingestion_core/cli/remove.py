"""``remove-source``: take out all that only one source gave."""

import argparse

from ingestion_core.cli import Commands, options


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "remove-source",
        help="take out all that only one source gave; users' content is untouched",
    )
    parser.add_argument("source", help="its name: openf1, ergast or thethirdturn")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--dry-run", action="store_true", help="only count: nothing is kept")
    how.add_argument("--yes", action="store_true", help="really")
    parser.set_defaults(carry_out=_remove)


#: A series' former names are aliases of its own.
_PLURALS = {"series": "series", "alias": "aliases"}


def _remove(chosen: argparse.Namespace) -> int:
    from ingestion_core.tasks.remove_source import remove_source  # it knows results

    removed = remove_source(options.app_of(chosen), chosen.source)
    found = removed.catalog
    would = "would be " if chosen.dry_run else ""
    print(
        f"{chosen.source}: {found.seasons} seasons, {found.claims} claims, {found.entries} entries"
    )
    print(f"  rows {would}changed  {found.changed}, results {removed.results}")
    for kind, gone in found.gone.items():
        kept = found.kept.get(kind, 0)
        name = _PLURALS.get(kind, kind + "s")
        print(f"  {name:<9} {would}gone  {gone}" + (f", kept {kept}" if kept else ""))
    return 0
