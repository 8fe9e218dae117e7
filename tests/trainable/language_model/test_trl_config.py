"""What users give of TRL's GRPOConfig: typed as TRL types it, and refused where the sweep or the task decides it."""

import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_language_model import write_task

from trainable.contract import UserError
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task import read_task
from trainable.language_model.trl_config import Batches, given_config, grpo_config
from trainable.language_model.trl_grpo import KIND


def test_options_of_trl_are_typed_as_trl_types_them() -> None:
    given = given_config(
        LanguageModelSettings(
            trl=(
                "max_grad_norm=0.5", "activation_checkpointing=yes", "scale_rewards=none", "num_iterations=2",
                'model_init_kwargs={"dtype": "bfloat16"}', "optim=adamw_torch",
            )
        )
    )  # fmt: skip
    assert given == {
        "max_grad_norm": 0.5, "activation_checkpointing": True, "scale_rewards": "none", "num_iterations": 2,
        "model_init_kwargs": {"dtype": "bfloat16"}, "optim": "adamw_torch",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ("learning_rate=1e-5", "the sweep decides it; give --lr"),
        ("max_steps=5", "the sweep decides it; give --steps_per_epoch"),
        ("seed=5", "the sweep decides it; give --seed"),
        ("bf16=true", "the sweep decides it; give --precision"),
        ("tf32=true", "the sweep decides it; give --precision"),
        ("max_completion_length=9", "the task decides it; see MAX_COMPLETION_LENGTH there"),
        ("logging_steps=1", "the sweep decides it; leave it out"),
        ("save_strategy=steps", "the sweep decides it; leave it out"),
        ("report_to=wandb", "the sweep decides it; leave it out"),
        ("push_to_hub=true", "the sweep decides it; leave it out"),
        ("use_vllm=true", "a resumed trial would not go on exactly with it"),
        ("sync_ref_model=true", "a resumed trial would not go on exactly with it"),
        ("deepspeed=zero.json", "a trial is one process on one device"),
        ("max_grad_nrm=1", "TRL's GRPOConfig has no max_grad_nrm; did you mean max_grad_norm?"),
        ("max_grad_norm=big", "invalid float value: 'big'"),
        ("generation_kwargs=nothing", "it must be an object in JSON"),
        ("gradient_accumulation_steps=0", "it must be at least 1"),
        ("gradient_accumulation_steps=7", "64 completions of a step .* cannot be cut into .*=7 equal passes"),
        ("num_iterations=3", "would end within a batch that is used 3 times"),
        ("scale_rewards", "give KEY=VALUE"),
    ],
)  # fmt: skip
def test_an_option_that_no_trial_can_have_is_refused_in_a_sentence(item: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        KIND.check(LanguageModelSettings(trl=(item,)))
    assert "\n" not in str(refused.value)


def test_what_shapes_can_be_weighed_as_a_whole(tmp_path: Path) -> None:
    settings = LanguageModelSettings(shaping_weight=0.5, budget_penalty=2.0)
    config = grpo_config(settings, read_task(write_task(tmp_path)), seed=0, num_epochs=1, device="cpu", folder=tmp_path)
    assert config.reward_weights == [1.0, 0.5 * 0.2, -2.0]


def test_trl_trains_in_the_sweeps_precision_and_no_other(tmp_path: Path) -> None:
    def config(precision: str, *trl: str) -> Any:
        settings = LanguageModelSettings(trl=trl)
        return grpo_config(settings, seed=0, num_epochs=1, device="cpu", folder=tmp_path, precision=precision)

    assert (config("bf16").bf16, config("fp32").bf16, config("fp32").tf32) == (True, False, None)
    with pytest.raises(UserError, match=r"^TRL refuses these settings: At most one of fp16 and bf16 can be True"):
        config("bf16", "fp16=true")


def test_without_trl_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(UserError, match=r"^--run trl_grpo needs trl; install with: pip install '\.\[trl\]'$"):
        KIND.defaults(LanguageModelSettings())


@pytest.mark.parametrize("num_generations", [2, 3, 16])
def test_a_step_holds_as_many_completions_whatever_it_is_cut_into(num_generations: int) -> None:
    settings = LanguageModelSettings(num_generations=num_generations, prompts_per_step=6, steps_per_epoch=10)
    for options in ({}, {"gradient_accumulation_steps": 3}, {"gradient_accumulation_steps": 2, "num_iterations": 5}):
        batches = Batches.of(settings, options)
        passes = options.get("gradient_accumulation_steps", 1)
        assert batches.per_device * passes == 6 * num_generations
        assert batches.prompts == 6
        assert batches.in_epoch * options.get("num_iterations", 1) == 10


def test_groups_that_do_not_fit_what_is_generated_together_are_refused() -> None:
    settings = LanguageModelSettings(prompts_per_step=3, num_generations=4)
    with pytest.raises(UserError, match=r"6 completions that are generated together .* do not hold whole groups"):
        Batches.of(settings, {"gradient_accumulation_steps": 2, "steps_per_generation": 1})
