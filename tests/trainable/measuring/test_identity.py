"""Stores of the same model, data, machine and knobs are the same, and what differs has a name."""

import dataclasses

from stores import contents

from trainable.measuring.identity import StoreIdentity, machine_facts


def test_another_machine_and_other_knobs_are_named() -> None:
    ours = contents(drop_order=(3, 1)).identity
    other = dataclasses.replace(
        ours, machine=ours.machine | {"device": "NVIDIA H100"}, knobs=ours.knobs | {"drop_order": [1, 3]}
    )
    assert ours.differences(other) == [
        'device of its machine is "a processor", not "NVIDIA H100"',
        "drop_order of its knobs is [3, 1], not [1, 3]",
    ]
    assert ours.fingerprint != other.fingerprint


def test_an_identity_is_the_same_once_json_has_held_it() -> None:
    made, read = contents(drop_order=(3, 1)).identity, contents(drop_order=[3, 1]).identity
    assert made.differences(read) == []
    assert made.fingerprint == read.fingerprint


def test_a_fingerprint_is_of_what_was_measured_on_what() -> None:
    identity = contents().identity
    for part in dataclasses.fields(StoreIdentity):
        other = dataclasses.replace(identity, **{part.name: getattr(identity, part.name) | {"identity": "c" * 16}})
        assert other.fingerprint != identity.fingerprint


def test_a_processor_is_known_by_its_name() -> None:
    facts = machine_facts("cpu", "float32", 2)
    assert facts | {"device": ""} == {"device": "", "num_threads": 2, "dtype": "float32"}
    assert facts["device"] not in ("", "cpu")
