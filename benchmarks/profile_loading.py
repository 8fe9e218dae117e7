"""Loading a profile of the original's size, cold and cached: 9 datasets x 75 configurations x 2,400 samples.

python benchmarks/profile_loading.py            the table of docs/throughput.md, 2 minutes and 0.8 GB of temporary disk

Each load is a process of its own; its peak memory is that of the whole process less what its imports take.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

TIERS, TOP_K, BLOCKS = {"low": 1, "medium": 2, "high": 4}, (4, 6, 8, 10, 12), (8, 10, 12, 14, 16)

LOAD = """
import json, resource, sys, time
from pathlib import Path
from trainable.profiles.reading import read_profile
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
imports = peak()
began = time.perf_counter()
profile = read_profile(Path(sys.argv[1]))
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "peak_mb": peak() - imports, "fingerprint": profile.fingerprint,
                  "cells": profile.accuracy.size, "table_mb": 2 * profile.accuracy.nbytes / 2**20}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=9)
    parser.add_argument("--samples", type=int, default=2400)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        profile, cache = Path(folder) / "profile", Path(folder) / "cache"
        for dataset in range(wanted.datasets):
            generate(profile / f"dataset-{dataset}", dataset, wanted.samples)
        json_mb = sum(file.stat().st_size for file in profile.rglob("*.json")) / 2**20
        cold = load(profile, cache)
        cached = min((load(profile, cache) for _ in range(3)), key=lambda measured: measured["seconds"])
        assert cold["fingerprint"] == cached["fingerprint"]
        cache_mb = sum(file.stat().st_size for file in cache.rglob("*.safetensors")) / 2**20
    print(f"{cold['cells']:,} rows; JSON {json_mb:,.0f} MB, table {cold['table_mb']:.0f} MB, cache {cache_mb:.0f} MB\n")
    print("| load | seconds | beside cold | peak memory | beside the JSON |")
    print("| --- | --- | --- | --- | --- |")
    for name, measured in (("cold", cold), ("cached", cached)):
        print(
            f"| {name} | {measured['seconds']:.2f} | {cold['seconds'] / measured['seconds']:.0f}x "
            f"| {measured['peak_mb']:.0f} MB | {measured['peak_mb'] / json_mb:.2f} |"
        )


def load(profile: Path, cache: Path) -> dict[str, float]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", LOAD, str(profile)]
    measured: dict[str, float] = json.loads(subprocess.run(command, env=environment, check=True, stdout=-1).stdout)
    return measured


def generate(folder: Path, dataset: int, samples: int) -> None:
    """One dataset, in the format and about the size a row of the original."""
    folder.mkdir(parents=True)
    numbers = random.Random(dataset)
    for tier, crops in TIERS.items():
        for top_k in TOP_K:
            for blocks in BLOCKS:
                records = [record(numbers, dataset, sample, tier, top_k, blocks) for sample in range(samples)]
                name = f"{folder.name}_imgsizetier-{tier}_crops{crops}_topk{top_k}_blocks{blocks}.json"
                (folder / name).write_text(json.dumps({"per_sample_results": records}), encoding="utf-8")


def record(numbers: random.Random, dataset: int, sample: int, tier: str, top_k: int, blocks: int) -> dict[str, object]:
    vision, prefill, decode = (round(numbers.uniform(10, 100), 3) for _ in range(3))
    return {
        "sample_id": sample,
        "tier": tier,
        "top_k": top_k,
        "num_active_blocks": blocks,
        "actual_vision_tokens": 432,
        "output_tokens": 4,
        "T_vision_total": vision,
        "T_LLM_prefill": prefill,
        "T_LLM_decode": decode,
        "T_total": vision + prefill + decode,
        "accuracy": float(numbers.random() < 0.6),
        "pred": "a red bus",
        "metadata": {
            "image_id": f"{dataset}-{sample // 2}",
            "question_id": sample,
            "question": f"what is written on the sign beside road number {sample}?",
            "answer": "a red bus",
        },
    }


if __name__ == "__main__":
    main()
