"""The page of a check in a real browser: it stands alone, it fits, nothing breaks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fossml.views.checked import Checked, page
from tests.views.browser import Browser, chromium
from tests.views.checked.cases import HOSTILE, checked, hostile


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("made", [checked, hostile])
def test_it_loads_from_a_file_asks_for_nothing_and_does_not_scroll_sideways(
    made: Callable[[], Checked], scheme: str, width: int, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "check.html"
    path.write_text(page.text(made()), encoding="utf-8")
    browser.show(path, width, scheme)
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [path.as_uri()]
    assert browser.js("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.js("document.scripts.length") == 0
    assert browser.js("document.querySelectorAll('table.items tbody tr').length") == 21


def test_what_fails_is_shown_and_what_is_well_folded_away(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "check.html"
    path.write_text(page.text(checked()), encoding="utf-8")
    browser.show(path)
    headings = browser.js("[...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert headings[:3] == ["What to do next", "What fails", "A Standard"]
    assert browser.js("document.querySelector('.answer').textContent").startswith("Failures: 1 hard, 1 soft.")
    assert browser.js("[...document.querySelectorAll('details')].every(d => !d.open)")
    assert "DEP001" in browser.js("document.querySelector('.findings').textContent")


def test_a_strangers_text_is_text(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "check.html"
    path.write_text(page.text(hostile()), encoding="utf-8")
    browser.show(path)
    assert "alert(1)" in HOSTILE and "alert(1)" in browser.js("document.body.textContent")
    assert browser.js("document.querySelectorAll('a, script, img').length") == 0
