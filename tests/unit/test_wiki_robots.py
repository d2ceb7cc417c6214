"""robots.txt: what it forbids us, and how long it has us wait."""

import pytest

from ingestion_core.sources.thethirdturn.robots import Rules, rules, text_of


def said(text: str, status: int = 200) -> Rules:
    """The rules of a file."""
    return rules(status, text)


def test_a_disallowed_path_is_not_allowed_and_all_others_are() -> None:
    """With all that is below it."""
    found = said("User-agent: *\nDisallow: /wiki/Special:\nDisallow: /w/\n")
    assert not found.allow("/wiki/Special:RecentChanges")
    assert not found.allow("/w/api.php?action=query")
    assert found.allow("/wiki/Monza")
    assert found.allow("/wiki/Specialist_Cup")


def test_what_is_said_of_us_goes_before_what_is_said_of_everybody() -> None:
    """By our name, as the User-Agent has it."""
    ours = "User-agent: parcferme-ingestion\nDisallow: /wiki/Private\n"
    found = said(f"User-agent: *\nDisallow: /\n\n{ours}")
    assert found.allow("/wiki/Monza")
    assert not found.allow("/wiki/Private_Cup")
    others = said("User-agent: GreedyBot\nDisallow: /\n")
    assert others.allow("/wiki/Monza")


@pytest.mark.parametrize("path", ["/wiki/Caf%C3%A9_Cup", "/wiki/Café_Cup"])
def test_an_encoded_path_is_the_path(path: str) -> None:
    """However either of the two writes it."""
    assert not said("User-agent: *\nDisallow: /wiki/Caf%C3%A9\n").allow(path)
    assert not said("User-agent: *\nDisallow: /wiki/Café\n").allow(path)


def test_a_star_at_the_end_changes_nothing() -> None:
    """A file that ends a rule with one means what it would mean without."""
    assert not said("User-agent: *\nDisallow: /wiki/Special:*\n").allow("/wiki/Special:Version")


@pytest.mark.parametrize("status", [404, 410, 400])
def test_without_a_file_everything_is_allowed(status: int) -> None:
    """Whatever stands on the page that says so."""
    assert said("User-agent: *\nDisallow: /\n", status).allow("/wiki/Monza")


@pytest.mark.parametrize("status", [401, 403])
def test_a_file_that_is_kept_from_us_forbids_everything(status: int) -> None:
    """As the standard library has it."""
    assert not said("", status).allow("/wiki/Monza")


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Crawl-delay: 10", 10),
        ("crawl-delay: 2.5", 3),
        ("Request-rate: 1/20", 20),
        ("Crawl-delay: soon", 0),
        ("", 0),
    ],
)
def test_the_pause_that_is_asked_for_is_known(line: str, seconds: float) -> None:
    """In seconds; parts of one count as a whole one."""
    assert said(f"User-agent: *\n{line}\nDisallow: /w/\n").delay == seconds


def test_a_file_beyond_reason_is_cut() -> None:
    """At 500 KiB, as the standard allows."""
    assert len(text_of(b"x" * 10_000_000)) == 500 * 1024
