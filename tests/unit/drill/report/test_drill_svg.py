"""The bricks of our pictures: scales stay in the frame, ticks are round, labels do not overlap, texts are escaped."""

import itertools
from xml.etree import ElementTree

import pytest

from runbook.drill.report import svg
from runbook.drill.report.svg import Scale, place, round_up, ticks

WIDTH = 1000.0


def test_a_scale_maps_its_ends_and_keeps_what_is_outside_in_the_frame() -> None:
    scale = Scale(-1, 3, 100, 500)
    assert [scale(value) for value in (-1, 1, 3, -7, 99)] == [100, 300, 500, 100, 500]


def test_a_scale_of_nothing_divides_by_nothing() -> None:
    assert Scale(2, 2, 0, 10)(2) == 0


def test_a_scale_may_point_upwards() -> None:
    assert Scale(0, 10, 80, 20)(5) == 50


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 1), (-3, 1), (1, 1), (1.2, 1.5), (41, 50), (55, 60), (80, 80), (81, 100), (0.13, 0.15)]
)
def test_the_top_of_an_axis_is_a_round_number_not_below_the_value(value: float, rounded: float) -> None:
    assert round_up(value) == pytest.approx(rounded)


@pytest.mark.parametrize(("low", "high"), [(-1.2, 9.7), (0, 0.3), (-0.5, 1.4), (-2, 180)])
def test_ticks_are_even_inside_and_contain_zero(low: float, high: float) -> None:
    found = ticks(low, high, 10)
    gaps = {round(after - before, 6) for before, after in itertools.pairwise(found)}
    assert len(gaps) == 1
    assert 0 in found
    assert low <= found[0] and found[-1] <= high
    assert 4 <= len(found) <= 21


MARKS = [
    (160.0, "SIGKILL for mysqld on the master", "fault"),
    (161.0, "+0.14 s the VIP is on the slave", "takeover"),
    (161.2, "+0.15 s reads through the VIP again, answered by the slave", "reads"),
    (161.2, "+0.15 s the first write refused by the slave", "refusal"),
    (480.0, "+5.20 s mysqld is awake again", "heal"),
    (905.0, "+7.18 s the slave is told to let the VIP go", "failback"),
    (910.0, "+7.31 s the VIP is home on the master", "takeover"),
    (940.0, "+7.56 s writes again, acknowledged by the master", "writes"),
]


def test_no_two_labels_overlap_and_none_leaves_the_picture() -> None:
    labels = place(MARKS, WIDTH)
    assert sorted(label.text for label in labels) == sorted(text for _, text, _ in MARKS)
    for one, other in itertools.combinations(labels, 2):
        apart = one.span[1] <= other.span[0] or other.span[1] <= one.span[0]
        assert one.row != other.row or apart, (one, other)
    assert all(label.span[1] <= WIDTH for label in labels)


def test_a_line_runs_through_no_text_on_its_own_side() -> None:
    labels = place(MARKS, WIDTH)
    for label, other in itertools.permutations(labels, 2):
        if label.leftwards is other.leftwards and other.row > label.row:
            assert not other.span[0] < label.line < other.span[1], (label, other)


def test_marks_far_apart_share_the_top_row() -> None:
    assert {label.row for label in place([(100.0, "one", "note"), (500.0, "two", "note")], WIDTH)} == {0}


def test_a_hole_parts_a_band() -> None:
    path = svg.steps([0, 1, 2, 3], [10, None, 10], [5, None, 4])
    assert path.count("M") == path.count("Z") == 2
    assert svg.steps([0, 1], [None], [None]) == ""


def test_texts_are_escaped_everywhere() -> None:
    evil = '"><script>alert(1)</script>&'
    parts = [svg.text(1, 2, evil, "label"), svg.rect(0, 0, 1, 1, "lane", evil), svg.path("M0 0", "band", evil)]
    parts.append(svg.dot(1, 1, "dot", evil))
    drawn = str(svg.drawing(10, 10, evil, parts))
    assert "<script" not in drawn
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label") == evil
    assert [each.text for each in root.iter() if each.text] == [evil] * 4
