"""Sequences of the chaos test: of a seed alone, and nothing left out."""

from chaos.faults import FAULTS, Machine
from chaos.sequence import MOST_FAULTS, SCENES, SPREAD_SECONDS, sequence

SEEDS = range(1, 201)


def test_a_seed_makes_the_same_sequence_each_time() -> None:
    assert [sequence(seed) for seed in SEEDS] == [sequence(seed) for seed in SEEDS]
    assert len({sequence(seed).events for seed in SEEDS}) == len(SEEDS)


def test_as_many_seeds_as_there_are_faults_have_each_of_them_and_each_scene() -> None:
    first = [sequence(seed) for seed in range(1, len(FAULTS) + 1)]
    assert {event.fault for each in first for event in each.events} == set(FAULTS)
    assert {each.scene for each in first} == set(SCENES)


def test_faults_overlap_each_other_and_what_the_operator_does() -> None:
    many = [sequence(seed) for seed in SEEDS]
    for each in many:
        assert 1 <= len(each.events) <= MOST_FAULTS
        assert all(0 <= event.at <= SPREAD_SECONDS for event in each.events)
        assert all(event.role in FAULTS[event.fault].roles for event in each.events)
    overlapping = [
        each
        for each in many
        if any(a.at <= b.at <= a.at + a.seconds for a, b in zip(each.events, each.events[1:], strict=False))
    ]
    assert len(overlapping) > len(many) / 4
    killed = {each.act.signal for each in many if each.act and each.act.killed_after is not None}
    assert killed == {"KILL", "INT"}


def test_what_lasts_has_an_end_and_the_end_is_of_its_kind() -> None:
    ends = {Machine.POWER_OFF: Machine.BOOT, Machine.CUT: Machine.JOIN}
    for fault in FAULTS.values():
        if isinstance(fault.begins, Machine):
            assert fault.ends == ends[fault.begins]
        if isinstance(fault.begins, str) and "-s STOP" in fault.begins:
            assert fault.ends == fault.begins.replace("-s STOP", "-s CONT")
