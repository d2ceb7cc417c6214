"""What finds a spoiler finds it wherever it stands, and nothing that has its digits by chance."""

import pytest

from tests.support.canaries import hits, leaks

VALUES = ("6173", "54321.987", "35:05:21.987", "ZZGAP")


@pytest.mark.parametrize(
    "text",
    [
        *("led=6173", "led=6173;", '{"led": 6173}', "(6173, 'a')", "-6173", "is 6173.", "%3D6173"),
        *("took 54321.987 s", "[54321.987]", "at 35:05:21.987", "'ZZGAP'"),
    ],
)
def test_a_result_is_found_wherever_it_stands(text: str) -> None:
    assert len(hits(text, VALUES)) == 1


@pytest.mark.parametrize("text", ["ZZGAP" * 30, "gapZZGAP", "ZZGAPs", "_ZZGAP.", "1.ZZGAP"])
def test_a_text_like_no_other_is_found_within_anything(text: str) -> None:
    """No chance comes to its letters."""
    assert set(hits(text, VALUES)) == {"ZZGAP"}


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:36173/devstoreaccount1/wiki-pages",
        "http://127.0.0.1:6173/wiki/A_Race",
        "c6de7572-e698-11f1-6173-02fc00000001",
        "C6DE7572-E698-11F1-6173-02FC00000001",
        *("2026-11-22 17:18:46.6173", "2026-11-22T17:18:46,6173Z", "seconds=0.6173", "x6173ab"),
        *("'Content-Length': '6173'", "(b'content-length', b'6173')", "Content-Length: 6173"),
    ],
)
def test_digits_of_chance_are_no_result(text: str) -> None:
    assert hits(text, VALUES) == []


def test_a_secret_is_found_within_anything() -> None:
    assert leaks("postgresql://me:zzdatabasepassword@host/db?token=zztokenzztokenX") == [
        "zzdatabasepassword",
        "zztokenzztoken",
    ]
