"""The page in a real browser: it stands alone, it fits, marks stand where their numbers are, nothing breaks out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from fossml.types import Finding
from fossml.views.forest import scale
from fossml.views.page import page
from fossml.views.report import Report
from tests.views.browser import Browser, chromium
from tests.views.reports import HOSTILE, hostile, report

MARKS = """[...document.querySelectorAll('.claim')].map(claim =>
[...claim.querySelectorAll('.forest [data-value]')].map(mark => {
const box = mark.getBoundingClientRect(), plot = mark.closest('.forest').getBoundingClientRect();
return [mark.getAttribute('class'), Number(mark.dataset.value.replace('inf', 'Infinity')),
(box.left + box.width / 2 - plot.left) / plot.width, plot.width]; }))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def shown(one: Report, folder: Path, name: str) -> Path:
    path = folder / f"{name}.html"
    path.write_text(page(one), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "made"), [("whole", report), ("hostile", hostile)])
def test_it_loads_from_a_file_asks_for_nothing_and_does_not_scroll_sideways(
    name: str, made: object, scheme: str, width: int, browser: Browser, folder: Path
) -> None:
    assert callable(made)
    path = shown(made(), folder, name)
    browser.show(path, width, scheme)
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith("data:")] == [path.as_uri()]
    assert browser.js("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.js("document.scripts.length") == 0
    cut = "[...document.querySelectorAll('p,li,td,dd,pre,h1,h3,.badge')].filter(e => e.scrollWidth > e.clientWidth + 1 "
    assert browser.js(f"{cut}&& e.clientWidth).map(e => e.outerHTML)") == []


def test_every_mark_stands_where_its_value_is(browser: Browser, folder: Path) -> None:
    one = report()
    browser.show(shown(one, folder, "marks"), 900)
    found = browser.js(MARKS)
    checked = 0
    for told, marks in zip(one.claims, found, strict=True):
        judged = told.judged
        kinds = [kind for kind, *_ in marks]
        if judged.claim.others:
            assert not marks
            continue
        on = scale(judged.claim, judged.scores, [v.estimate for v in judged.verdicts if v.estimate])
        assert kinds.count("run") == len(judged.scores)
        assert kinds.count("mark claimed") == bool(judged.scores)
        for kind, value, x, width in marks:
            if "arrow" in kind or kind == "cap":
                continue
            assert x * 100 == pytest.approx(on.at(value), abs=100 / width), (judged.claim.id, kind, value)
            checked += 1
    assert checked > 30
    # Not only by the same formula: what is larger stands further to the right, at the same distance for the same step.
    dots = sorted((value, x) for kind, value, x, _ in found[0] if kind == "run")
    steps = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(dots)]
    assert max(steps) == pytest.approx(min(steps), rel=0.05)


def test_an_interval_without_an_end_has_an_arrow_at_the_edge(browser: Browser, folder: Path) -> None:
    browser.show(shown(report(), folder, "arrows"))
    early = next(marks for marks in browser.js(MARKS) if any("arrow" in kind for kind, *_ in marks))
    places = sorted(x for kind, _, x, _ in early if "arrow" in kind)
    assert places[0] < 0.04 < 0.96 < places[1]


def test_an_outcome_is_a_shape_and_a_word_not_a_colour_alone(browser: Browser, folder: Path) -> None:
    browser.show(shown(report(), folder, "shapes"))
    badges = browser.js(
        "[...document.querySelectorAll('.claim .badge')].map(b => [b.classList[1], b.querySelector('path')"
        ".getAttribute('d'), b.innerText])"
    )
    shapes = {outcome: {d for kind, d, _ in badges if kind == outcome} for outcome in ("holds", "fails", "unknown")}
    assert all(len(found) == 1 for found in shapes.values())
    assert len(set.union(*shapes.values())) == 3
    assert [text for _, _, text in badges][:2] == ["not reproduced", "consistent"]


def test_a_plot_is_told_in_words_too(browser: Browser, folder: Path) -> None:
    browser.show(shown(report(), folder, "words"))
    labels = browser.js("[...document.querySelectorAll('.forest')].map(f => f.getAttribute('aria-label'))")
    assert labels[0] == (
        "Claimed: 0.953, which stands for 0.9525 to 0.9535. Measured: 0.9419, 95 % interval of the mean: 0.9381 to "
        "0.9458. Runs: 0.94120, 0.93880, 0.94670, 0.94310, 0.93990."
    )
    assert browser.js(
        "[...document.querySelectorAll('svg:not([aria-hidden] *)')].every(s => s.closest('[role=img]') || "
        "s.closest('[aria-hidden]'))"
    )
    assert browser.js("document.documentElement.lang") == "en"
    levels = browser.js("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert max(b - a for a, b in pairwise(levels)) == 1


CONTRAST = """(() => { const seen = [];
const lum = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => { x /= 255;
return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
const back = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor;
if (b !== 'rgba(0, 0, 0, 0)') return b; } return 'rgb(255, 255, 255)'; };
for (const e of document.querySelectorAll('body *')) {
if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
continue; if (e.tagName === 'title') continue; const svg = e instanceof SVGElement, style = getComputedStyle(e);
const a = lum(svg ? style.fill : style.color), b = lum(back(e));
seen.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML]); }
return seen.filter(one => one[0] < 4.5); })()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_that_readers_need(scheme: str, browser: Browser, folder: Path) -> None:
    browser.show(shown(report(), folder, "contrast"), scheme=scheme)
    assert browser.js(CONTRAST) == []


def test_paper_is_white_and_shows_what_is_folded(browser: Browser, folder: Path) -> None:
    browser.show(shown(report(), folder, "print"), 800, "dark", "print")
    assert browser.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.js("document.querySelector('details:not([open]) table.runs').getBoundingClientRect().height") > 20


def test_texts_of_others_are_text(browser: Browser, folder: Path) -> None:
    browser.show(shown(hostile(), folder, "harmless"))
    assert browser.js("document.title").startswith("</title></style></svg><script>")
    assert browser.js("document.querySelectorAll('img, script, iframe, [onmouseover], [onerror], a').length") == 0
    assert browser.js("document.querySelector('h1').innerText") == (
        HOSTILE.replace("\u202e", "\\u202e")
        .replace("\x1b", "\\x1b")
        .replace("\x00", "\\x00")
        .replace("\udcff", "\\xff")
    )


def test_all_that_a_reader_needs_is_there() -> None:
    texts = _Texts()
    texts.feed(page(report()))
    said = " ".join(texts.found)
    for word in (
        "3 of 7 claims hold, 2 do not, 2 could not be told",
        "claimed 0.953",
        "measured 0.9419",
        "not reproduced",
        "L4 rebuilt with fresh seeds",
        "read as mean:",
        "table 2, row 3",
        "other hardware and other versions of the packages",
        "requirements.txt:3",
        "pin it: scikit-learn==1.4.2",
        "train_large",
        "8 min 15 s of this hardware in 6 runs, within a budget of 1 h 00 min",
        "fossml verify --runs 10 --budget 3600s",
        "11, 23, 35, 47, 59",
        "package-7 1.7",
        "https://example.org/wines.git",
        "needs eight GPUs",
    ):
        assert word in said, word


@pytest.mark.parametrize(("count", "said"), [(1, "1 check found"), (2, "2 checks found")])
def test_what_is_well_is_counted_in_words_that_agree(count: int, said: str) -> None:
    well = Finding("CTL001", "pass", "soft", "train", "the same number")
    assert f"<summary>{said} nothing wrong</summary>" in page(replace(report(), findings=(well,) * count))


class _Texts(HTMLParser):
    """The texts of a page, runs of blanks as one."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found += [re.sub(r"\s+", " ", data).strip()] if data.strip() else []
