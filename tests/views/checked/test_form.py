"""A checklist filled in from evidence: an unsupported yes cannot come out, whatever goes in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fossml.checks.policy import Policy
from fossml.project.requirements import Waiver
from fossml.standards import Profile, Question, named
from fossml.types import Evidence, Finding
from fossml.views.checked.form import fill, text

CODES = ("D1", "D2", "DEP001", "LIC001", "E4")
findings = st.builds(
    Finding,
    st.sampled_from(CODES),
    st.sampled_from(["pass", "fail", "unknown", "not applicable", "declared"]),
    st.sampled_from(["hard", "soft"]),
    st.just("s"),
    st.sampled_from(["m", "m; waived because it is private"]),
    st.lists(st.builds(Evidence, st.sampled_from(["a.py", "README.md"]), st.integers(1, 9)), max_size=3).map(tuple),
)
some_codes = st.lists(st.sampled_from(CODES), max_size=3, unique=True).map(tuple)
questions = st.builds(Question, st.just("1"), st.just("?"), some_codes, some_codes)


@given(st.lists(findings, max_size=6), st.lists(questions, min_size=1, max_size=3).map(tuple))
def test_a_yes_has_a_pass_or_a_word_of_the_author_with_evidence_for_all_that_it_rests_on(
    found: list[Finding], asked: tuple[Question, ...]
) -> None:
    for answer in fill(Profile("p", "P", questions=asked), found):
        if answer.word != "yes":
            continue
        assert answer.pointers
        mine = [one for one in found if one.code in answer.question.answered_by]
        assert {one.code for one in mine} == set(answer.question.answered_by)
        assert {one.status for one in mine} <= {"pass", "declared", "not applicable"}
        assert all(one.evidence for one in mine if one.status != "not applicable")
        assert not any("waived" in one.message for one in mine)


def answer(*found: Finding, by: tuple[str, ...] = ("D1",)) -> str:
    [one] = fill(Profile("p", "P", questions=(Question("1", "?", by),)), found)
    return one.word


SEEN = (Evidence("a.py", 1),)


def test_each_status_has_its_answer() -> None:
    assert answer(Finding("D1", "pass", "soft", "s", "m", SEEN)) == "yes"
    assert answer(Finding("D1", "pass", "soft", "s", "m")) == "cannot be told"
    assert answer(Finding("D1", "declared", "soft", "s", "m", SEEN)) == "yes"
    assert answer(Finding("D1", "fail", "soft", "s", "m", SEEN)) == "no"
    assert answer(Finding("D1", "unknown", "soft", "s", "m", SEEN)) == "cannot be told"
    assert answer(Finding("D1", "not applicable", "soft", "s", "m")) == "not applicable"
    assert answer() == "cannot be told"
    assert answer(by=()) == "cannot be told"


def test_of_several_codes_the_worst_counts() -> None:
    good, bad = Finding("D1", "pass", "soft", "s", "m", SEEN), Finding("D2", "fail", "soft", "s", "m")
    apart = Finding("D2", "not applicable", "soft", "s", "m")
    assert answer(good, bad, by=("D1", "D2")) == "no"
    assert answer(good, by=("D1", "D2")) == "cannot be told"
    assert answer(good, apart, by=("D1", "D2")) == "yes"


def test_a_question_that_does_not_arise_is_not_asked() -> None:
    question = Question("3", "?", ("B1", "A2"), ("B1",))
    apart, untold = Finding("B1", "not applicable", "soft", "s", "m"), Finding("A2", "unknown", "soft", "s", "m")
    stated = Finding("B1", "declared", "soft", "s", "m", SEEN)
    asked = Profile("p", "P", questions=(question,))
    assert [one.word for one in (*fill(asked, [apart, untold]), *fill(asked, [stated, untold]))] == [
        "not applicable",
        "cannot be told",
    ]


def test_a_place_is_pointed_at_once() -> None:
    found = Finding("D1", "pass", "soft", "s", "m", (Evidence("a", None, "x"), Evidence("a", None, "y")))
    [one] = fill(Profile("p", "P", questions=(Question("1", "?", ("D1",)),)), [found])
    assert [seen.path for seen in one.pointers] == ["a"]


def test_a_failure_that_is_waived_stays_a_no_with_the_reason() -> None:
    failed = Finding("C4", "fail", "soft", "s", "the data is not here", SEEN)
    found = list(Policy(waivers=(Waiver("C4", "it is of patients"),)).apply([failed], {}))
    [one] = fill(Profile("p", "P", questions=(Question("1", "?", ("C4",)),)), found)
    assert (one.word, found[0].status) == ("no", "declared")
    assert "it is of patients" in one.justification


def test_the_form_says_what_it_could_not_tell_and_points_at_lines() -> None:
    profile = named("neurips")
    seen = Finding("E5", "pass", "soft", "s", "says how long", (Evidence("README.md", 7),))
    also = Finding("E6", "pass", "soft", "s", "names hardware", (Evidence("README.md", 9),))
    form = text(profile, fill(profile, [seen, also]), "paper", "0.1.0")
    assert "1 yes, 0 no, 0 not applicable; 15 could not be told" in form
    part = form.partition("**8.**")[2].partition("**9.**")[0]
    assert "- Answer: **yes**" in part
    assert "says how long (E5); names hardware (E6)" in part
    assert "- Pointer: `README.md:7`, `README.md:9`" in part


def test_what_rests_on_a_word_or_heading_alone_is_pointed_at_and_never_a_yes() -> None:
    found = Finding("A1", "declared", "soft", "s", "README.md speaks of it", (Evidence("README.md", 3),))
    [one] = fill(Profile("p", "P", questions=(Question("1", "?", ("A1",)),)), [found])
    assert (one.word, [seen.path for seen in one.pointers]) == ("cannot be told", ["README.md"])
    [assets] = [one for one in fill(named("neurips"), [found]) if one.question.number == "13"]
    assert (assets.word, assets.question.answered_by) == ("cannot be told", ())
