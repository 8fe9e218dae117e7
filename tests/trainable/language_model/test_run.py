"""One GRPO run of a language model: exact after a resume, whole or refused, and told apart when it diverges."""

import dataclasses
import threading
from pathlib import Path

import pytest
import torch
from tiny_language_model import EPOCHS, Start
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainable.contract import BF16
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task_data import TaskData
from trainable.runs import Diverged, Run
from trainable.runs.held_trainer import TrainerEnded


def epochs_of(run: Run, number: int) -> list[dict[str, float]]:
    rows = [run.step() for _ in range(number)]
    return [{name: value for name, value in row.items() if not name.startswith("Perf/")} for row in rows]


def saved(run: Run, folder: Path) -> Path:
    folder.mkdir()
    run.save(folder)
    return folder


@pytest.fixture
def whole(start: Start, tmp_path: Path) -> tuple[list[dict[str, float]], list[Path]]:
    """The epochs of an uninterrupted run, with a checkpoint after each."""
    run, rows, checkpoints = start(), [], []
    for epoch in range(1, EPOCHS + 1):
        rows += epochs_of(run, 1)
        checkpoints.append(saved(run, tmp_path / f"after_{epoch}"))
    with pytest.raises(TrainerEnded):
        run.step()
    run.close()
    return rows, checkpoints


def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit_at_any_epoch(
    start: Start, whole: tuple[list[dict[str, float]], list[Path]], tmp_path: Path
) -> None:
    rows, checkpoints = whole
    assert len({row["Train/Loss"] for row in rows}) == EPOCHS
    assert len({row["Train/Learning_Rate"] for row in rows}) == EPOCHS, "warm-up and decay are of the whole training"
    for epoch in range(1, EPOCHS):
        torch.manual_seed(epoch)  # whatever the process drew before
        run = start()
        run.load(checkpoints[epoch - 1])
        assert epochs_of(run, EPOCHS - epoch) == rows[epoch:]
        again = saved(run, tmp_path / f"again_{epoch}")
        assert (again / "model.safetensors").read_bytes() == (checkpoints[-1] / "model.safetensors").read_bytes()
        run.close()
    assert [thread for thread in threading.enumerate() if thread.name == "trainer"] == []


def test_in_16_bits_a_training_is_another_and_a_resume_still_exact(start: Start, tmp_path: Path) -> None:
    run = start(precision=BF16)
    rows = epochs_of(run, 1)
    after_1 = saved(run, tmp_path / "after_1")
    rows += epochs_of(run, 1)
    run.close()
    resumed = start(precision=BF16)
    resumed.load(after_1)
    assert epochs_of(resumed, 1) == rows[1:]
    resumed.close()
    in_32_bits = start()
    assert epochs_of(in_32_bits, 1)[0]["Train/Grad_Norm"] != rows[0]["Train/Grad_Norm"]
    in_32_bits.close()


def test_a_training_does_not_depend_on_what_ran_before_it_in_its_process(start: Start) -> None:
    curves = []
    for seed in (0, 1, 0):
        run = start(seed=seed)
        curves.append(epochs_of(run, 1))
        run.close()
    assert curves[0] == curves[2] != curves[1]


def test_a_checkpoint_is_a_model_that_transformers_loads(start: Start, tmp_path: Path) -> None:
    run = start()
    run.step()
    checkpoint = saved(run, tmp_path / "checkpoint")
    samples = run.samples()
    run.close()
    model, tokenizer = AutoModelForCausalLM.from_pretrained(checkpoint), AutoTokenizer.from_pretrained(checkpoint)
    given = tokenizer(samples[0]["prompt"], return_tensors="pt")
    answer = model.generate(**given, max_new_tokens=6, do_sample=False)[0, given["input_ids"].shape[1] :]
    assert tokenizer.decode(answer, skip_special_tokens=True) == samples[0]["completion"]


def test_adapters_alone_are_trained_and_saved_where_that_is_asked_for(
    start: Start, data: TaskData, tmp_path: Path
) -> None:
    adapted = dataclasses.replace(data, lora={"r": 2, "target_modules": ["q_proj", "v_proj"]})
    run = start(on=adapted)
    rows = epochs_of(run, 1)
    checkpoint = saved(run, tmp_path / "checkpoint")
    rows += epochs_of(run, 1)
    run.close()
    assert (checkpoint / "adapter_model.safetensors").exists()
    assert not (checkpoint / "model.safetensors").exists()
    run = start(on=adapted)
    run.load(checkpoint)
    assert epochs_of(run, 1) == rows[1:]
    run.close()


@pytest.mark.parametrize("beta", [0.0, 0.1])
def test_a_learning_rate_without_measure_ends_the_trial_as_diverged(
    start: Start, settings: LanguageModelSettings, beta: float
) -> None:
    run = start(dataclasses.replace(settings, lr=1e30, lr_scheduler="constant", warmup_steps=0, beta=beta))
    with pytest.raises(Diverged, match=r"(loss|grad_norm) is (nan|inf)"):
        epochs_of(run, EPOCHS)
    run.close()


def test_what_is_reported_is_what_was_judged(start: Start) -> None:
    run = start()
    row, details = run.step(), run.details()
    run.close()
    assert details
    assert details.parts
    assert row["Val/In_Budget_Accuracy"] == sum(details.parts.sums) / sum(details.parts.counts)
    assert {"Train/Reward_correct", "Train/Reward_short", "Train/Over_Budget"} < set(row)
    assert details.curves["token_budgets"].x == (2.0, 4.0)


def test_completions_are_used_again_and_batches_cut_where_trl_is_told_so(
    start: Start, settings: LanguageModelSettings, tmp_path: Path
) -> None:
    cut = dataclasses.replace(settings, trl=("gradient_accumulation_steps=3", "num_iterations=2"))
    run = start(cut)
    rows = epochs_of(run, 1)
    checkpoint = saved(run, tmp_path / "checkpoint")
    rows += epochs_of(run, 1)
    run.close()
    run = start(cut)
    run.load(checkpoint)
    assert epochs_of(run, 1) == rows[1:]
    run.close()


def test_several_gpus_for_one_trial_are_refused(start: Start) -> None:
    with pytest.raises(Exception, match=r"trains on one GPU, and was given 2; give --gpus_per_trial 1 or less"):
        start(devices=("cuda:0", "cuda:1"))
