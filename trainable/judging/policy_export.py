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
    standardisations = [controller.language, *([controller.vision] if controller.vision else [])]
    tensors = {
        **{name: tensor.numpy() for name, tensor in controller.policy.state_dict().items()},
        "features.mean": np.concatenate([columns.mean for columns in standardisations]),
        "features.std": np.concatenate([columns.std for columns in standardisations]),
        "allowed": controller.allowed,
    }
    config = {
        "format": FORMAT,
        "knobs": dict(zip(controller.grid.names, controller.grid.values, strict=True)),
        "language_features": controller.language_source,
        "language_size": len(controller.language.mean),
        "vision_size": len(controller.vision.mean) if controller.vision else 0,
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
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n")
        (folder / README_FILE).write_text(_readme(controller, folder))
    except OSError as error:
        raise UserError(f"--output {folder}: it can't be written ({error.strerror}); give another folder") from None


def usage(controller: Controller, folder: Path) -> str:
    """Three lines of Python that ask the exported policy."""
    hashed = controller.language_source == HASHED_NGRAMS
    language = "question" if hashed else "language"
    vision = "vision" if controller.vision else "None"
    budget_ms = round(float(np.mean(controller.trained_budget_range_ms)), 1)
    return (
        "from trainable.exported_policy import ExportedPolicy\n"
        f"policy = ExportedPolicy.load({str(folder.resolve())!r})\n"
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
        place = decision % WARM_UP
        began = time.perf_counter()
        policy.choose(language[place], vision[place], float(budgets_ms[place]))
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times[WARM_UP:])


def _readme(controller: Controller, folder: Path) -> str:
    low, high = controller.trained_budget_range_ms
    hashed = controller.language_source == HASHED_NGRAMS
    what = "`question`: the question, as text" if hashed else _language(controller)
    vision = ""
    if controller.vision:
        vision = f"\n`vision`: {len(controller.vision.mean)} raw vision features, as in the profile's features file."
    return f"""# A joint controller

For a prompt and a latency budget it picks how much of a vision-language model to run:
{", ".join(controller.grid.names)}.

```python
{usage(controller, folder)}
```

{what}.{vision}
`budget_ms`: from {low:.4g} to {high:.4g}; beyond them the nearest is taken.
`configuration`: for example `{controller.grid.configuration(int(np.flatnonzero(controller.allowed)[0]))}`.

`policy.safetensors` holds the weights and the features' means and standard deviations, `config.json` the rest.
"""


def _language(controller: Controller) -> str:
    size, source = len(controller.language.mean), controller.language_source
    return f"`language`: {size} raw language features, from {source}"
