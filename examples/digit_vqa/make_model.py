"""Train an edition's model: python examples/digit_vqa/make_model.py FOLDER [--edition digit_sums]

Interrupted, the same command goes on where it was.
"""

import argparse
import json
from pathlib import Path

import torch
from editions import DIGIT_VQA, EDITIONS, Edition
from mosaics import digit_pools
from processor import save_processor
from training import Training
from transformers import LlavaForConditionalGeneration

from trainable.block_importance.files import IMPORTANCE_FILE

UNFINISHED = "training.pt"


def save_model(model: LlavaForConditionalGeneration, edition: Edition, folder: Path) -> None:
    """As load_model and transformers' own Auto classes read it."""
    model.set_experts_implementation("eager")  # what config.json says then: one product per chosen expert
    model.save_pretrained(folder)
    order = json.dumps({"drop_order": edition.drop_order})
    (folder / IMPORTANCE_FILE).write_text(order + "\n", encoding="utf-8")
    save_processor(edition, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--edition", choices=EDITIONS, default=DIGIT_VQA.name)
    args = parser.parse_args()
    torch.set_num_threads(1)  # of each half of a step
    edition, kept = EDITIONS[args.edition], args.folder / UNFINISHED
    args.folder.mkdir(parents=True, exist_ok=True)
    save_model(Training(edition, digit_pools()[0], kept).run(), edition, args.folder)
    kept.unlink()


if __name__ == "__main__":
    main()
