"""The status page in Chromium: watched, read with a keyboard, on a phone, in the dark."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.site import DESK, PHONE, Site, kept, until, violations
from tests.host.running import KEY
from tests.support.canaries import hits
from tests.support.product import rows

BAHRAIN, AUSTRALIA = 1229, 1231
#: The six meetings of the season: four raced, one of testing, one called off.
RACED = ("Bahrain", "Saudi Arabian", "Australian", "Japanese")
PATIENCE = 60_000
#: Whoever comes back to the page sees it anew at once.
_LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
#: What the page did meanwhile.
_WATCH = """
() => {
    window.neverReloaded = true;
    window.seen = [];
    new MutationObserver(() => {
        const bar = document.querySelector('[data-run] progress');
        if (bar) window.seen.push([bar.value, bar.max]);
    }).observe(document.getElementById('main'), {childList: true, subtree: true});
}
"""
_POISON = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.key = '1231' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON ingest.fetches
    FOR EACH ROW EXECUTE FUNCTION poison()
"""


@pytest.fixture(scope="module")
def stored(site: Site) -> Site:
    """The site, once its season is in."""
    if not rows(site.database, 'SELECT "Id" FROM "Rounds"'):
        run = site.app.ask("/backfill", {"years": {"from": 2024, "to": 2024}})["run"]
        assert site.app.finished(run)["state"] == "done"
    return site


@pytest.fixture
def phone(stored: Site) -> Iterator[Page]:
    """The page on a phone, 360 pixels wide."""
    with stored.opened(viewport=PHONE) as page:
        yield page


def test_a_backfill_is_watched_to_its_end_without_a_reload(site: Site) -> None:
    """Its progress grows, rounds come in, and its end is said aloud."""
    with site.opened("&year=2024") as page:
        expect(page.get_by_text("Nothing is known of this season yet.")).to_be_visible()
        page.evaluate(_WATCH)
        run = site.app.ask("/backfill", {"years": {"from": 2024, "to": 2024}})["run"]
        page.evaluate(_LOOK)
        shown = page.locator(f"[data-run='{run}']")
        expect(shown).to_contain_text("Backfill of 2024", timeout=PATIENCE)
        kept(page, "running")
        expect(shown).to_have_attribute("data-state", "done", timeout=PATIENCE)
        expect(shown).to_contain_text("7 of 7 done")
        expect(page.get_by_role("status")).to_have_text("Backfill of 2024: done.")
        for name in RACED:
            expect(page.get_by_role("rowheader", name=f"{name} Grand Prix")).to_be_visible()
        seen = page.evaluate("window.seen")
        assert [value for value, most in seen if 0 < value < most], seen
        assert page.evaluate("window.neverReloaded")
        kept(page, "done")


def test_a_poisoned_meeting_is_shown_with_its_reason_and_retried_is_gone(stored: Site) -> None:
    """By the very run that the command on the page names."""
    stored.sql(_POISON)
    run = stored.app.ask(f"/meetings/{AUSTRALIA}")["run"]
    assert stored.app.finished(run)["state"] == "failed"
    with stored.opened() as page:
        failed = page.get_by_role("region", name="Failed")
        expect(failed).to_contain_text("Australian Grand Prix")
        expect(failed).to_contain_text("Given up after the last delivery of its message.")
        told = failed.locator("code").inner_text()
        assert told == f"python -m ingestion_core runs retry {run}"
        assert violations(page) == []
        kept(page, "poisoned")
        stored.sql("DROP FUNCTION poison CASCADE")
        page.evaluate("window.neverReloaded = true")
        stored.app.ask(f"/runs/{told.split()[-1]}/retry")
        page.evaluate(_LOOK)
        expect(failed).to_contain_text("Nothing has failed.", timeout=PATIENCE)
        assert page.evaluate("window.neverReloaded")


def test_what_failed_and_belongs_to_no_run_is_retried_by_its_item(stored: Site) -> None:
    """As what the calendar asked for; and what was asked for again since is no failure any more."""
    stored.sql(
        "INSERT INTO ingest.items (source, task, key, state, error_code, closed_at)"
        " VALUES ('openf1', 'load_results', '1232', 'failed', 'unusable-answer', now())"
    )
    [(item,)] = rows(stored.database, "SELECT max(item) FROM ingest.items")
    with stored.opened() as page:
        failed = page.get_by_role("region", name="Failed")
        expect(failed).to_contain_text("Japanese Grand Prix")
        expect(failed).to_contain_text("An answer without what everything hangs on.")
        expect(failed.locator("code")).to_have_text(
            f"python -m ingestion_core runs retry --item {item}"
        )
        stored.sql(
            "INSERT INTO ingest.items (source, task, key, state, closed_at)"
            " VALUES ('openf1', 'load_results', '1232', 'done', now())"
        )
        page.reload()
        expect(failed).to_contain_text("Nothing has failed.")
    stored.sql("DELETE FROM ingest.items WHERE task = 'load_results' AND key = '1232'")


def test_every_state_is_told_in_words_with_a_symbol_of_its_own(stored: Site) -> None:
    """In the grid, and in a legend with all eight of them."""
    with stored.opened() as page:
        legend = page.get_by_role("list", name="States, and how many sessions are in each")
        states = [
            re.sub(r"\s*\d+$", "", one.strip()) for one in legend.all_inner_texts()[0].split("\n")
        ]
        assert [one for one in states if one] == [
            *("scheduled", "read", "no entries yet", "results withheld"),
            *("loaded", "missing", "failed", "cancelled"),
        ]
        marks = legend.locator("use").evaluate_all(
            "all => all.map(one => one.getAttribute('href'))"
        )
        assert len(set(marks)) == 8
        assert all(page.locator(f"symbol{one}").count() == 1 for one in marks)
        called_off = page.get_by_role("row", name="Chinese Grand Prix")
        cells = called_off.locator(".cell")
        assert set(cells.locator(".word").all_inner_texts()) == {"cancelled"}
        assert cells.locator("svg").count() == cells.count() == 5
        expect(page.get_by_role("columnheader", name="Sprint Qualifying")).to_be_visible()


def test_on_a_phone_the_grid_scrolls_and_the_page_does_not(phone: Page) -> None:
    """Sideways; the round's name stays where it is."""
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    grid = phone.get_by_role("region", name="Rounds and sessions")
    assert grid.evaluate("one => one.scrollWidth > one.clientWidth + 200")
    name = phone.get_by_role("rowheader", name="Bahrain Grand Prix")
    before = name.bounding_box()
    grid.evaluate("one => one.scrollTo(400, 0)")
    after = name.bounding_box()
    assert before is not None
    assert after == before
    assert grid.evaluate("one => one.scrollLeft") == 400
    for one in phone.locator("details").all():
        one.evaluate("one => one.open = true")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert violations(phone) == []
    kept(phone, "phone")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_in_light_or_dark(stored: Site, scheme: str) -> None:
    """With every details open; the paper has the brightness that was asked for."""
    with stored.opened(color_scheme=scheme) as page:
        for one in page.locator("details").all():
            one.evaluate("one => one.open = true")
        assert violations(page) == []
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
        assert (brightness < 60) if scheme == "dark" else (brightness > 200)
        kept(page, scheme)


def test_a_keyboard_reaches_everything_and_scrolls_the_grid(phone: Page) -> None:
    """In the order of the page: past the skip link and the button to the grid and its reasons."""
    found = []
    for _ in range(40):
        phone.keyboard.press("Tab")
        here = phone.evaluate("(one => one.id || one.textContent.trim())(document.activeElement)")
        if here in found or here == "":
            break
        found.append(here)
    for name in ("To the season", "Pause updates", "grid", "The same as JSON", "decades-table"):
        assert name in found, found
    assert found.index("To the season") < found.index("Pause updates") < found.index("grid")
    phone.get_by_role("region", name="Rounds and sessions").focus()
    phone.keyboard.press("ArrowRight")
    until(phone, "document.getElementById('grid').scrollLeft > 0")
    outline = phone.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_it_works_without_javascript(stored: Site) -> None:
    """Everything is there but the button that would do nothing; it says how to refresh."""
    with stored.opened(java_script_enabled=False) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Formula 1 2024")
        assert page.locator(".grid tbody tr").count() == 6
        assert page.locator("[data-run]").count() > 0
        assert page.get_by_role("button").count() == 0
        expect(page.get_by_text("Without JavaScript it does not refresh itself")).to_be_visible()
        page.locator("#all-seasons summary").click()
        page.get_by_role("link", name="2024", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Formula 1 2024")


def test_the_key_is_carried_on_and_shown_nowhere(stored: Site) -> None:
    """In links alone, and there only if it came in the address."""
    with stored.opened() as page:
        text = page.locator("body").inner_text()
        assert KEY not in text
        links = page.locator("a[href^='status'], a[href^='coverage']")
        addresses = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert addresses
        assert all(f"code={KEY}" in one for one in addresses)
    by_header = stored.app.client.get("/status")
    assert by_header.status_code == 200
    assert KEY not in by_header.text
    assert "code=" not in by_header.text


def test_it_only_reads_and_asks_nobody_else(stored: Site) -> None:
    """One answer, which needs nothing more; no form, no cookie, nothing kept."""
    asked: list[Request] = []
    with stored.opened() as page:
        page.on("request", lambda one: asked.append(one))
        page.reload()
        page.evaluate(_LOOK)
        until(page, "performance.getEntriesByType('resource').length > 0")
        assert {one.url for one in asked} == {stored.address}
        assert {one.method for one in asked} == {"GET"}
        assert page.locator("form, input, iframe, img, link[rel=stylesheet]").count() == 0
        assert page.context.cookies() == []
    answer = stored.app.client.get("/status")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers


def test_whoever_reads_on_is_not_disturbed_by_news(stored: Site) -> None:
    """What was opened stays open, the grid stays scrolled, the focus stays where it was."""
    with stored.opened(viewport=PHONE) as page:
        page.locator("#all-seasons summary").click()
        page.get_by_role("region", name="Rounds and sessions").evaluate(
            "one => one.scrollTo(300, 0)"
        )
        page.locator("#grid").focus()
        page.evaluate("document.querySelector('.grid tbody').dataset.old = 'yes'")
        page.evaluate("document.querySelector('#all-seasons dl').dataset.old = 'yes'")
        page.evaluate(_LOOK)
        until(page, "!document.querySelector('[data-old]')")
        assert page.evaluate("document.activeElement.id") == "grid"
        assert page.evaluate("document.getElementById('grid').scrollLeft") == 300
        assert page.evaluate("document.getElementById('all-seasons').open")


def test_updates_rest_while_paused_or_out_of_sight(stored: Site) -> None:
    """Nobody asks for a page that nobody looks at; resumed, it asks at once."""
    with stored.opened() as page:
        page.clock.install()
        page.reload()
        asked: list[Request] = []
        page.on("request", lambda one: asked.append(one))
        page.get_by_role("button", name="Pause updates").click()
        page.clock.run_for(300_000)
        assert asked == []
        with page.expect_response(re.compile("/api/status")):
            page.get_by_role("button", name="Resume updates").click()
        expect(page.locator("#live")).to_contain_text("live")
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        number = len(asked)
        page.clock.run_for(300_000)
        assert len(asked) == number
        with page.expect_response(re.compile("/api/status")):
            page.evaluate(
                "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
            )


def test_years_and_series_are_asked_for_by_name(stored: Site) -> None:
    """Refused where they can't be; a season that nobody knows is an empty one."""
    client = stored.app.client
    for path in ("/status", "/coverage"):
        for query in ("year=1889", "year=2999", "year=24", "year=x", "series=Formula%201"):
            refused = client.get(f"{path}?{query}")
            assert refused.status_code == 400, query
            assert refused.headers["content-type"] == "application/problem+json"
        unknown = client.get(f"{path}?series=nobody")
        assert unknown.status_code == 404
    assert client.get("/coverage?year=1950").json()["rounds"] == []
    found = client.get("/coverage").json()
    assert (found["series"], found["year"], found["seasons"]) == ("formula-1", 2024, [2024])
    assert [one["name"] for one in found["rounds"]] == [
        "Pre-Season Testing",
        *(f"{name} Grand Prix" for name in RACED),
        "Chinese Grand Prix",
    ]
    with stored.opened("&year=2024", viewport=DESK) as page:
        assert page.locator(".grid tbody tr").count() == len(found["rounds"])


#: Values that occur nowhere else: points, laps, a position, a time, a number, texts.
CANARIES = ("77.4321", "9753", "126321987", "35:05:21", "98765", "ZZQONE", "ZZDETAIL", "ZZ99")
_SEED = """
UPDATE "Results" SET "Position" = 98765, "Points" = 77.4321, "Laps" = 9753,
    "TimeMilliseconds" = 126321987, "Time" = interval '35:05:21.987', "GridPosition" = 98765,
    "Q1Time" = 'ZZQONE', "StatusDetail" = 'ZZDETAIL', "CarNumber" = 'ZZ99', "LapsLed" = 9753
WHERE "Id" = (SELECT min("Id"::text)::uuid FROM "Results")
"""
# Whoever was first is last, in the columns and in the table's own order.
_TURNED = """
CREATE TEMPORARY TABLE turned AS SELECT * FROM "Results";
DELETE FROM "Results";
UPDATE turned SET "Position" = 100 - "Position", "Points" = 100 - "Points",
    "GridPosition" = 100 - "GridPosition", "FastestLap" = NOT "FastestLap";
INSERT INTO "Results" SELECT * FROM turned ORDER BY "Position" DESC NULLS FIRST, "Id" DESC
"""


@pytest.fixture(scope="module")
def loaded(stored: Site) -> Site:
    """The site with the results of Bahrain."""
    run = stored.app.ask(f"/meetings/{BAHRAIN}?include_results=true")["run"]
    assert stored.app.finished(run)["state"] == "done"
    return stored


def told(site: Site) -> dict[str, str]:
    """What page and JSON tell, but for when."""
    found = {}
    for path in ("/status?year=2024", "/coverage?year=2024"):
        text = site.app.client.get(path).raise_for_status().text
        found[path] = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00)?|\d\d:\d\d UTC", "", text)
    return found


def test_of_results_only_their_number_is_told(loaded: Site) -> None:
    """In the grid and in JSON: five sessions of Bahrain with twenty each."""
    with loaded.opened() as page:
        race = page.get_by_role("row", name="Bahrain Grand Prix")
        assert race.locator(".word").all_inner_texts() == ["loaded"] * 5
        assert race.locator(".more").all_inner_texts() == ["20 results"] * 5
        kept(page, "loaded")
    (bahrain,) = [
        one
        for one in loaded.app.client.get("/coverage").json()["rounds"]
        if one["name"] == "Bahrain Grand Prix"
    ]
    assert [one["results"] for one in bahrain["sessions"]] == [20] * 5
    assert set(bahrain["sessions"][0]) == {
        *("id", "type", "starts_at", "day_only", "sources", "entrants", "results"),
        *("state", "reason"),
    }


def test_canaries_in_the_results_are_nowhere_on_the_page_in_json_or_in_the_log(
    loaded: Site,
) -> None:
    """Though the host logs all that it can."""
    loaded.sql(_SEED)
    seeded = rows(loaded.database, 'SELECT to_jsonb(x)::text FROM "Results" x')
    assert all(any(one in row[0] for row in seeded) for one in CANARIES)
    texts = [*told(loaded).values(), "\n".join(loaded.app.host.lines)]
    with loaded.opened() as page:
        texts.append(page.content())
    assert not [hit for text in texts for hit in hits(text, CANARIES)]
    assert "DEBUG" in texts[2]


def test_no_order_on_the_page_depends_on_a_result(loaded: Site) -> None:
    """With every classification turned round, each byte is the same."""
    before = told(loaded)
    loaded.sql(_TURNED)
    assert told(loaded) == before
