"""What lies beside a store to tell where its numbers come from."""

from pathlib import Path

from stores import contents, full_store, record

from trainable.measuring.provenance import PROVENANCE_FILE, write_provenance
from trainable.measuring.store import MeasuredStore

KNOBS = {"drop_order": [7, 5, 3, 1], "max_new_tokens": 9, "latency_source": "measured"}
COST = "vision features cost 1.2 ms a request"


def text_of(store: MeasuredStore, line: str = "python trainable/profile_model.py") -> str:
    write_provenance(store, line, COST)
    return (store.folder / PROVENANCE_FILE).read_text(encoding="utf-8")


def test_it_says_model_data_machine_knobs_and_what_was_measured(tmp_path: Path) -> None:
    store = full_store(tmp_path, **KNOBS)
    text = text_of(store)
    for said in (
        "# toy_vqa: where these numbers come from",
        "8 questions about 8 images under 8 configurations (tier low/high x top_k 1/4 x num_active_blocks 4/8)",
        "each once; 64 of 64 cells are measured",
        "Model: `a/model`, family toy, 8 blocks; hash of its files aaaaaaaaaaaaaaaa",
        "Data: `a/dataset`; hash of questions, answers and images bbbbbbbbbbbbbbbb",
        "judged by exact_match (one of the answers, as VQA normalises them)",
        "train 4, validation 2, test 2",
        "Machine: a processor, float32, 1 CPU thread",
        "greedy, at most 9 tokens",
        "warmed up after every change",
        "blocks are left out: 7, 5, 3, 1.",
        "under every configuration: 2 training samples",
        "- Vision features cost 1.2 ms a request.",
        # Of configuration c the accuracy is c / 8, the latency 10 + c ms.
        "fastest (low, 1, 4): 0.000 in 10 ms; slowest (high, 4, 8): 0.875 in 17 ms; most accurate (high, 4, 8): 0.875",
        store.contents.identity.fingerprint,
    ):
        assert said in text


def test_every_command_has_its_line_and_a_store_that_is_not_full_says_so(tmp_path: Path) -> None:
    store = MeasuredStore.create(tmp_path, contents(**KNOBS))
    store.append(0, [record(0)])
    first = text_of(store, "profile_model.py --max_samples 3 | tee log")
    assert "1 of 64 cells are measured" in first
    assert "most accurate" not in first
    store.append(1, [record(0), record(1)])
    second = text_of(store, "profile_model.py")
    lines = [line for line in second.splitlines() if line.startswith("| 20")]
    assert len(lines) == 2
    assert lines[0] in first
    assert "| 1 | `profile_model.py --max_samples 3 &#124; tee log` | Python 3." in lines[0]
    assert "| 3 | `profile_model.py` |" in lines[1]
    assert ", torch " in lines[1]
    assert second.count("where these numbers come from") == 1


def test_latencies_of_a_profile_are_not_passed_for_measured_ones(tmp_path: Path) -> None:
    text = text_of(full_store(tmp_path, **KNOBS | {"latency_source": "profile 0123456789abcdef"}))
    assert "not measured here but taken from the profile 0123456789abcdef; accuracies are measured" in text
    assert "warmed up" not in text
