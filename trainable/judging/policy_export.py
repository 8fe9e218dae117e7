"""Writing a controller so that it can be asked without its checkpoint, its profile or torch, and timing a decision."""

import json
import statistics
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from trainable.contract import UserError
from trainable.exported_policy import CONFIG_FILE, FORMAT, TENSORS_FILE, ExportedPolicy
from trainable.grpo.checkpoint import Controller
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS

README_FILE = "README.md"
DECISIONS = 2000
WARM_UP = 100


def export_controller(controller: Controller, folder: Path) -> None:
    """Write `policy.safetensors`, `config.json` and `README.md` into a folder, made where there is none.

    Raises:
        UserError: the folder can't be written.
    """
    tensors = {
        **{name: tensor.numpy() for name, tensor in controller.policy.state_dict().items()},
        "features.mean": controller.mean,
        "features.std": controller.std,
        "allowed": controller.allowed,
    }
    config = {
        "format": FORMAT,
        "knobs": dict(zip(controller.grid.names, controller.grid.values, strict=True)),
        "language_features": controller.language_source,
        "language_size": controller.language_size,
        "vision_size": controller.vision_size,
        "budget_range_ms": controller.trained_budget_range_ms,
        "encoding_range_ms": controller.profile_budget_range_ms,
        "num_layers": controller.settings["num_layers"],
        "trained": {
            "profile": controller.fingerprint,
            "epoch": controller.epoch,
            "in_budget_accuracy": controller.score,
            "seed": controller.seed,
            "settings": controller.settings,
        },
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / TENSORS_FILE)
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        (folder / README_FILE).write_text(_readme(controller, folder), encoding="utf-8")
    except OSError as error:
        raise UserError(f"--output {folder}: it can't be written ({error.strerror}); give another folder") from None


def usage(controller: Controller, folder: str) -> str:
    """Three lines of Python that ask the policy exported into a folder."""
    language = "question" if controller.language_source == HASHED_NGRAMS else "language"
    vision = "vision" if controller.vision_size else "None"
    budget_ms = round(float(np.mean(controller.trained_budget_range_ms)), 1)
    return (
        "from trainable.exported_policy import ExportedPolicy\n"
        f"policy = ExportedPolicy.load({folder!r})\n"
        f"configuration = policy.choose({language}, {vision}, budget_ms={budget_ms})"
    )


def decision_ms(policy: ExportedPolicy) -> float:
    """Median time of one decision, on whatever threads numpy has."""
    random = np.random.default_rng(0)
    language = random.standard_normal((WARM_UP, policy.config["language_size"]), dtype=np.float32)
    vision = random.standard_normal((WARM_UP, policy.config["vision_size"]), dtype=np.float32)
    low, high = policy.config["budget_range_ms"]
    budgets_ms = random.uniform(low, high, size=WARM_UP)
    times = []
    for decision in range(WARM_UP + DECISIONS):
        index = decision % WARM_UP
        began = time.perf_counter()
        policy.choose(language[index], vision[index], float(budgets_ms[index]))
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times[WARM_UP:])


def _readme(controller: Controller, folder: Path) -> str:
    low, high = controller.trained_budget_range_ms
    example = controller.grid.configurations[int(np.flatnonzero(controller.allowed)[0])]
    language = f"`language`: {controller.language_size} raw language features, from {controller.language_source}"
    if controller.language_source == HASHED_NGRAMS:
        language = "`question`: the question, as text"
    vision = ""
    if controller.vision_size:
        vision = f"\n`vision`: {controller.vision_size} raw vision features, as in the profile's features file."
    return f"""# A joint controller

For a prompt and a latency budget it picks how much of a vision-language model to run:
{", ".join(controller.grid.names)}.

```python
{usage(controller, folder.name)}
```

`{folder.name}` is this folder, which may lie anywhere.

{language}.{vision}
`budget_ms`: from {low:.4g} to {high:.4g}; beyond them the nearest is taken.
`configuration`: for example `{dict(zip(controller.grid.names, example, strict=True))}`.

`policy.safetensors` holds the weights and the features' means and standard deviations, `config.json` the rest.
"""
