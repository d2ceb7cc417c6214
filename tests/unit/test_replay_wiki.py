"""The replayed wiki answers as MediaWiki does: pages, redirects, revisions, and too much haste."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.replay.faults import Fault
from local.replay.limits import Spacing
from local.replay.rows import RecordingError
from local.replay.wiki.server import WikiServer
from local.replay.wiki.shelf import Shelf
from tests.support import wiki_pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three saved pages, one of them by another title, and something else."""
    saved = tmp_path_factory.mktemp("pages")
    (saved / "races").mkdir()
    (saved / "series.html").write_bytes(wiki_pages.series())
    (saved / "races" / "what_ever.html").write_bytes(wiki_pages.Race().body())
    ada = wiki_pages.page("Ada_Ferris_(AR)", "x", article=3, redirected_from="Ada_Ferris")
    (saved / "ada.html").write_bytes(ada)
    (saved / "notes.html").write_text("<p>not of the wiki</p>")
    return saved


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[tuple[WikiServer, httpx.Client]]:
    """They are served, as fast as anybody asks, to a client that follows no redirect."""
    with WikiServer(folder) as server, httpx.Client(base_url=server.url) as client:
        yield server, client


@pytest.fixture
def server(shared: tuple[WikiServer, httpx.Client], folder: Path) -> WikiServer:
    """That server as if new."""
    server, _ = shared
    server.site.shelf = Shelf(folder)
    server.site.moved.clear()
    server.faults.clear()
    server.requests.clear()
    return server


@pytest.fixture
def client(shared: tuple[WikiServer, httpx.Client], server: WikiServer) -> httpx.Client:
    """A client of it."""
    return shared[1]


def revisions(client: httpx.Client, *titles: str, **more: str) -> dict[str, Any]:
    """What the API says of titles."""
    asked = {"action": "query", "prop": "info", "formatversion": "2", "format": "json"}
    found: dict[str, Any] = client.get(
        "/w/api.php", params={**asked, "titles": "|".join(titles), **more}
    ).json()
    return found


def test_a_page_is_found_by_its_title_whatever_its_file_is_called(
    server: WikiServer, client: httpx.Client, folder: Path
) -> None:
    """Byte for byte, with a colon in its title; each request is noted."""
    answer = client.get("/wiki/Lantern_Cup:1962-01")
    assert (answer.status_code, answer.headers["content-type"]) == (
        *(200, "text/html; charset=utf-8"),
    )
    assert answer.content == (folder / "races" / "what_ever.html").read_bytes()
    assert [(one.method, one.path, one.status) for one in server.requests] == [
        ("GET", "/wiki/Lantern_Cup:1962-01", 200)
    ]


@pytest.mark.parametrize("title", ["Nobody_Wrote_This", "Who%3F", "Special:Browse"])
def test_an_unknown_title_is_404_with_a_page_that_has_no_article(
    server: WikiServer, client: httpx.Client, title: str
) -> None:
    """As MediaWiki's; an encoded question mark belongs to the title."""
    answer = client.get(f"/wiki/{title}")
    assert answer.status_code == 404
    assert '"wgArticleId": 0' in answer.text
    assert "There is currently no text in this page." in answer.text
    assert server.requests[0].path == f"/wiki/{title.replace('%3F', '?')}"


def test_a_redirect_shows_its_target_which_says_who_was_asked_for(client: httpx.Client) -> None:
    """And says nothing of it to whoever asked for the target."""
    by_another, by_its_own = client.get("/wiki/Ada_Ferris"), client.get("/wiki/Ada_Ferris_(AR)")
    assert (by_another.status_code, by_its_own.status_code) == (200, 200)
    assert '"wgRedirectedFrom": "Ada_Ferris"' in by_another.text
    assert "wgRedirectedFrom" not in by_its_own.text
    assert '"wgPageName": "Ada_Ferris_(AR)"' in by_its_own.text


def test_a_redirect_can_be_added_to_a_page_that_was_saved_by_its_own_title(
    server: WikiServer, client: httpx.Client
) -> None:
    """Its head is given what the wiki would say there."""
    server.shelf.redirects["Lantern_Cup"] = "Lantern_Cup_Central"
    shown = client.get("/wiki/Lantern_Cup").text
    assert 'RLCONF={"wgRedirectedFrom":"Lantern_Cup","wgPageName": "Lantern_Cup_Central"' in shown


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("lantern_Cup:1962-01", "/wiki/Lantern_Cup:1962-01"),
        ("Lantern Cup Central", "/wiki/Lantern_Cup_Central"),
        ("Old_Place", "/wiki/New_Place%3F"),
    ],
)
def test_a_moved_title_and_one_in_another_form_are_301(
    server: WikiServer, client: httpx.Client, asked: str, place: str
) -> None:
    """To the one form that a title has."""
    server.site.moved["Old_Place"] = "New_Place?"
    answer = client.get(f"/wiki/{asked}")
    assert (answer.status_code, answer.headers["location"]) == (301, place)


def test_a_title_that_no_page_can_have_is_400(client: httpx.Client) -> None:
    """MediaWiki's bad title."""
    assert client.get("/wiki/A%7CB").status_code == 400
    assert client.get("/elsewhere").status_code == 404


def test_robots_txt_is_the_folder_s_else_a_permissive_one(tmp_path: Path) -> None:
    """None of it where there is none."""
    (tmp_path / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
    assert WikiServer(tmp_path).site.robots == "User-agent: *\nDisallow: /\n"
    with WikiServer() as server, httpx.Client(base_url=server.url) as client:
        assert "Disallow: /wiki/Special:" in client.get("/robots.txt").text
        server.site.robots = None
        assert client.get("/robots.txt").status_code == 404


def test_the_api_tells_the_revisions_of_many_titles_in_an_order_of_its_own(
    client: httpx.Client,
) -> None:
    """Missing ones first, the others by their ids; titles come back as they are shown."""
    titles = ("Lantern_Cup_Central", "Ada Ferris", "No Such Page", "A<b")
    query = revisions(client, *titles, redirects="1")["query"]
    assert query["normalized"] == [
        {"fromencoded": False, "from": "Lantern_Cup_Central", "to": "Lantern Cup Central"}
    ]
    assert query["redirects"] == [{"from": "Ada Ferris", "to": "Ada Ferris (AR)"}]
    assert [
        (page["title"], page.get("lastrevid"), page.get("missing"), page.get("invalid"))
        for page in query["pages"]
    ] == [
        ("No Such Page", None, True, None),
        ("A<b", None, None, True),
        ("Ada Ferris (AR)", 70, None, None),
        ("Lantern Cup Central", 70, None, None),
    ]


def test_more_than_50_titles_are_an_error_with_status_200(client: httpx.Client) -> None:
    """In MediaWiki's words; 50 are not."""
    titles = [f"Page {number}" for number in range(51)]
    assert revisions(client, *titles)["error"]["code"] == "toomanyvalues"
    assert len(revisions(client, *titles[1:])["query"]["pages"]) == 50
    assert revisions(client, action="parse")["error"]["code"] == "badvalue"


def test_the_api_can_be_switched_off(server: WikiServer, client: httpx.Client) -> None:
    """By a fault, as everything that goes wrong: a page of HTML."""
    server.faults.add(Fault(kind="status", match="/w/api.php", status=403, times=None))
    answer = client.get("/w/api.php?action=query&titles=A")
    assert (answer.status_code, answer.headers["content-type"]) == (
        *(403, "text/html; charset=utf-8"),
    )
    assert client.get("/wiki/Lantern_Cup_Central").status_code == 200


def test_whoever_asks_too_soon_is_told_when_to_come_again() -> None:
    """429 and Retry-After; a refused request does not put the next one off."""
    now = [100.0]
    spacing = Spacing(3, clock=lambda: now[0])
    told = []
    for now[0] in (100.0, 100.5, 102.9, 103.0, 103.0):
        told.append(spacing.refusal())
    assert told == [None, 3, 1, None, 3]
    with WikiServer(seconds=3600) as server:
        first, second = (httpx.get(f"{server.url}/robots.txt") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    # In whole seconds, of which one or two may have gone between the requests.
    assert 3540 < int(second.headers["retry-after"]) <= 3600


def test_a_page_can_be_edited_and_deleted_while_it_is_served(
    server: WikiServer, client: httpx.Client
) -> None:
    """The next answer is the new one; what is no page is refused."""
    server.shelf.put(wiki_pages.page("Lantern_Cup_Central", "new", revision=71))
    assert ">new" in client.get("/wiki/Lantern_Cup_Central").text
    assert revisions(client, "Lantern Cup Central")["query"]["pages"][0]["lastrevid"] == 71
    server.shelf.remove("Lantern_Cup_Central")
    assert client.get("/wiki/Lantern_Cup_Central").status_code == 404
    with pytest.raises(RecordingError, match="no page of the wiki"):
        server.shelf.put(b"<p>no page</p>")


def test_a_redirect_is_taken_out_of_a_head_wherever_it_stands(tmp_path: Path) -> None:
    """First, last or between: what is left is data as before."""
    told = '"wgRedirectedFrom":"Old"'
    for place, data in enumerate(
        (
            f'{{{told},"wgPageName":"New","wgArticleId":1,"wgCurRevisionId":2}}',
            f'{{"wgPageName":"New",{told},"wgArticleId":1,"wgCurRevisionId":2}}',
            f'{{"wgPageName":"New","wgArticleId":1,"wgCurRevisionId":2,{told}}}',
        )
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "new.html").write_text(f"<script>RLCONF={data};</script>")
        page = Shelf(folder).find("Old")
        assert page is not None
        rest = b'{"wgPageName":"New","wgArticleId":1,"wgCurRevisionId":2}'
        assert page.read() == b"<script>RLCONF=" + rest + b";</script>"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(RecordingError, match=r"nowhere: no such folder"):
        WikiServer(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="can't be negative"):
        WikiServer(seconds=-1)


def test_the_saved_pages_are_served_by_the_titles_in_them(recordings: Path) -> None:
    """All 23, and as they were saved."""
    shelf = Shelf(recordings / "thethirdturn")
    assert len(shelf.pages) == 23
    race = shelf.find("Badger_Mod_Tour:2012-03")
    assert race is not None
    saved = recordings / "thethirdturn/badger_modified_tour/races/Badger_Mod_Tour_2012-03.html"
    assert (race.revision, race.read() == saved.read_bytes()) == (8389324, True)
