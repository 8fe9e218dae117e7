"""Drives train_joint_controller.py in a folder of its own, far from any login.

In a process of its own, as a user does, where signals, a kill, a full disk, a missing package or a server that is away
are the matter; else in the process of the tests, which has imported already what takes a process seconds.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from profiles import IMAGES, write_profile
from sweep_here import printing_into

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = REPOSITORY / "trainable" / "train_joint_controller.py"
CORE_EXPERIMENT = "results/core_exp_h100/5run_2000samples_w_new_importance_score"
DATASETS = ("text_vqa", "coco_2014_vqa")


def make_workplace(folder: Path) -> Path:
    """A folder from which the guide's commands run: the scripts, a profile of two datasets and a model's checkpoint."""
    folder.mkdir()
    (folder / "trainable").symlink_to(REPOSITORY / "trainable")
    for number, dataset in enumerate(DATASETS):
        write_profile(folder / CORE_EXPERIMENT, images=IMAGES[number::2], dataset=dataset)
    write_model(folder / "checkpoints")
    return folder


def write_model(folder: Path) -> Path:
    """A language model's checkpoint, as transformers saves one: a word tokenizer and a tiny OLMoE."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import OlmoeConfig, OlmoeForCausalLM, PreTrainedTokenizerFast

    words = {word: place for place, word in enumerate(["<unk>", "what", "is", "even", "odd", "here", "?"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(folder)
    sizes = {"hidden_size": 8, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = OlmoeConfig(vocab_size=len(words), num_experts=2, num_experts_per_tok=1, **sizes)
    OlmoeForCausalLM(config).save_pretrained(folder)
    return folder


def environment(home: Path, **variables: str) -> dict[str, str]:
    """The tests' own, without anything of W&B in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "300"} | variables


def train(workplace: Path, *flags: str, timeout: float = 300, **variables: str) -> subprocess.CompletedProcess[str]:
    """A training in `workplace`, on its own little profile unless the flags say otherwise."""
    return subprocess.run(
        [sys.executable, str(COMMAND), *on_its_profile(flags)],
        cwd=workplace,
        env=environment(workplace, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )


def train_beside_the_tests(workplace: Path, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As `train`, without a process of its own."""
    return run_beside_the_tests(workplace, *on_its_profile(flags), **variables)


def run_beside_the_tests(folder: Path, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command with just these flags, in `folder`, without a process of its own."""
    import wandb

    from trainable.train_joint_controller import main

    wandb.teardown()  # its client reads the environment once
    with tempfile.TemporaryDirectory() as printed:
        out, err = Path(printed, "out"), Path(printed, "err")
        try:
            with (
                contextlib.chdir(folder),
                patch.dict(os.environ, environment(folder, **variables), clear=True),
                patch.object(os, "_exit", _must_not_end_the_tests),
                printing_into(out, err),
            ):
                status = main([*flags])
        finally:
            wandb.teardown()
        return subprocess.CompletedProcess(
            flags, status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


def _must_not_end_the_tests(status: int) -> None:
    """A training ends its process so where W&B does not take everything: such a one wants a process of its own."""
    raise AssertionError(f"the training would have ended its process with status {status}")


def on_its_profile(flags: tuple[str, ...]) -> tuple[str, ...]:
    """The flags, with the workplace's own profile where they name none."""
    return flags if {"--results_dir", "--resume"} & {*flags} else ("--results_dir", CORE_EXPERIMENT, *flags)
