"""Train an edition's model: python examples/digit_vqa/make_model.py FOLDER [--edition digit_sums]

Interrupted, the same command goes on where it was. The same number of threads makes the same model.
"""

import argparse
import os
import shutil
from pathlib import Path

import torch
from editions import DIGIT_VQA, EDITIONS
from mosaics import digit_pools
from processor import save_processor
from training import Training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="must not exist")
    parser.add_argument("--edition", choices=EDITIONS, default=DIGIT_VQA.name)
    parser.add_argument("--num_threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.num_threads)
    edition = EDITIONS[args.edition]
    args.folder.mkdir(parents=True, exist_ok=True)
