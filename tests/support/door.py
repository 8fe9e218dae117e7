"""Drives train_joint_controller.py as a user does: a process of its own, in a folder of its own, far from any login."""

import os
import subprocess
import sys
from pathlib import Path

from profiles import IMAGES, write_profile

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


def train(workplace: Path, *flags: str, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
    """A training in `workplace`, on its own little profile unless the flags say otherwise."""
    if "--results_dir" not in flags and "--resume" not in flags:
        flags = ("--results_dir", CORE_EXPERIMENT, *flags)
    return subprocess.run(
        [sys.executable, str(COMMAND), *flags],
        cwd=workplace,
        env=environment(workplace, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )
