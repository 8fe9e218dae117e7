"""--model_path: what a checkpoint's tokenizer and word embeddings make of the questions."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from door import environment, write_model
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.profiles.language_features import embedded_questions


def test_a_question_is_the_mean_of_its_words(tmp_path: Path) -> None:
    checkpoint = write_model(tmp_path / "checkpoint")
    words = load_file(checkpoint / "model.safetensors")["model.embed_tokens.weight"]

    features, _ = embedded_questions(["what is even", "odd", ""], str(checkpoint), False)

    # The tokenizer numbers the words: what 1, is 2, even 3, odd 4.
    assert np.allclose(features, [words[[1, 2, 3]].mean(axis=0), words[4], np.zeros(8)], atol=1e-6)


def test_code_of_the_checkpoints_own_runs_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig", "AutoTokenizer": ["own.Own", None]}}
        ),
        encoding="utf-8",
    )
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"auto_map": {"AutoTokenizer": ["own.Own", None]}}), encoding="utf-8"
    )
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")

    with pytest.raises(UserError, match="--trust_remote_code"):
        embedded_questions(["what"], str(tmp_path), False)

    assert not (tmp_path / "ran").exists()


def test_describing_a_training_does_not_import_transformers(tmp_path: Path) -> None:
    program = "import sys, trainable.grpo.joint_controller; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=environment(tmp_path)).returncode == 0
