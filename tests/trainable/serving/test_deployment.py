"""deploy.py on the shipped model: what it promises, what it measures, what it writes and what it refuses."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from deploying import BUDGETS, NUM_QUESTIONS, Deployed, deploy_here
from PIL import Image
from shipped_store import MODEL, QUESTIONS

from trainable.grpo.checkpoint import read_controller
from trainable.grpo.controller_data import ControllerData
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.profiles.baselines import BEST_FIXED, LOOKUP_TABLE
from trainable.profiles.image_split import TEST, TRAIN, split_of_image
from trainable.questions.reading import read_questions
from trainable.serving.judgement import FULL, POLICY
from trainable.serving.serving_file import read_facts


def lines(deployed: Deployed, chooser: str) -> list[dict]:
    return [line for line in deployed.report["lines"] if line["chooser"] == chooser]


def test_the_promise_is_what_a_replay_of_the_same_questions_gives(
    deployed: Deployed, trial: Path, shipped: ControllerData
) -> None:
    profile = shipped.profile
    facts = read_facts(deployed.folder)
    budgets_ms = [line["measured"]["budget_ms"] for line in lines(deployed, POLICY)]
    asked_ms = np.array([facts.asked_ms(budget_ms) for budget_ms in budgets_ms], dtype=np.float32)
    choices = ChoicesOnProfile(read_controller(trial), profile, shipped.features).choices(TEST, asked_ms)
    asked = {question.key for question in read_questions(str(QUESTIONS), None, NUM_QUESTIONS, "test").questions}
    places = [place for place, row in enumerate(profile.samples(TEST)) if profile.keys[row] in asked]
    assert len(places) == NUM_QUESTIONS
    rows = profile.samples(TEST)[places]
    for column, line in enumerate(lines(deployed, POLICY)):
        chosen = choices[places, column]
        promised = line["promise"]["point"]
        assert promised["accuracy"] == pytest.approx(profile.accuracy[rows, chosen].mean())
        late = profile.latency_ms[rows, chosen] + facts.overhead_ms > budgets_ms[column]
        assert promised["violation_rate"] == pytest.approx(late.mean())


def test_the_running_model_is_as_accurate_as_promised(deployed: Deployed) -> None:
    for line in deployed.report["lines"]:
        promised, measured = line["promise"]["point"], line["measured"]
        assert measured["accuracy"] == pytest.approx(promised["accuracy"], abs=1.01 / NUM_QUESTIONS)  # one answer


def test_budgets_are_shares_of_the_full_model_or_ms_and_each_has_its_baselines(
    deployed: Deployed, shipped: ControllerData
) -> None:
    training = shipped.profile.samples(TRAIN)
    full_ms = float(shipped.profile.latency_ms[training, -1].mean())
    assert [line["measured"]["budget_ms"] for line in lines(deployed, POLICY)] == pytest.approx(
        [0.5 * full_ms, 30.0, full_ms], rel=1e-5
    )
    assert [line["chooser"] for line in deployed.report["lines"]] == [
        POLICY, FULL, BEST_FIXED, LOOKUP_TABLE,
    ] * len(BUDGETS)  # fmt: skip
    # a fixed configuration's answers do not depend on the budget
    for chooser in (FULL, BEST_FIXED):
        assert len({line["measured"]["accuracy"] for line in lines(deployed, chooser)}) == 1
    assert "16 test questions of digit_vqa, judged by exact_match" in deployed.printed
    assert re.search(r"^ *30 ms +policy +0\.\d{3} -> 0\.\d{3} ", deployed.printed, re.MULTILINE)
    assert "promised from the profile's numbers for the same questions" in deployed.printed
    assert "does not say on which machine it was measured" in deployed.printed
    assert "model = AdaptiveModel.load(" in deployed.printed


def test_the_folder_holds_the_policy_the_table_and_how_to_serve(deployed: Deployed) -> None:
    names = {file.name for file in deployed.folder.iterdir()}
    assert names == {
        "policy.safetensors", "config.json", "README.md", "serving.json", "deployment.json",
        "lookup_table_baseline.json",
    }  # fmt: skip
    facts = read_facts(deployed.folder)
    assert list(facts.drop_order) == json.loads((MODEL / "importance.json").read_text(encoding="utf-8"))["drop_order"]
    assert (facts.max_new_tokens, facts.num_threads) == (1, 1)  # as the shipped model was profiled
    assert facts.overhead_ms > 0
    table = json.loads((deployed.folder / "lookup_table_baseline.json").read_text(encoding="utf-8"))
    assert len(table["lookup_table"]) == len(BUDGETS)


@pytest.fixture
def unprofiled(tmp_path: Path) -> Path:
    """The shipped profile without anything beside its measurements."""
    (tmp_path / "profile" / "digit-vqa").mkdir(parents=True)
    for file in (MODEL / "digit-vqa").iterdir():
        (tmp_path / "profile" / "digit-vqa" / file.name).symlink_to(file)
    return tmp_path / "profile"


@pytest.fixture
def without_importance(tmp_path: Path) -> Path:
    """The shipped model without the order of its blocks."""
    copied = [file for file in MODEL.iterdir() if file.is_file() and file.suffix in (".json", ".jinja")]
    (tmp_path / "model").mkdir()
    for file in (*copied, MODEL / "model.safetensors"):
        if file.name != "importance.json":
            shutil.copy(file, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def training_images_only(tmp_path: Path) -> Path:
    """A dataset whose one image is no test image."""
    folder = tmp_path / "questions"
    folder.mkdir()
    first = (QUESTIONS / "metadata.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (folder / "metadata.jsonl").write_text(first + "\n", encoding="utf-8")
    shutil.copy(QUESTIONS / json.loads(first)["file_name"], folder)
    return folder


@pytest.fixture
def other_images(tmp_path: Path) -> Path:
    """The questions about a test image of the shipped dataset, about a grey one."""
    folder = tmp_path / "grey"
    folder.mkdir()
    rows = [json.loads(line) for line in (QUESTIONS / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if split_of_image(row["image_id"]) == TEST][:4]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "dataset.json").write_text('{"name": "digit_vqa"}', encoding="utf-8")
    Image.new("L", (56, 56), 128).save(folder / rows[0]["file_name"])
    return folder


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("{nothing} --model_path {model} --dataset {questions}", "no checkpoint in it"),
        ("{trial} --model_path {nothing} --dataset {questions}", "its config.json names no model_type"),
        ("{trial} --model_path {model} --dataset {training}", "falls into the test split"),
        (
            "{trial} --model_path {model} --dataset {grey}",
            r"its vision features differ by \d+% from those of the profile",
        ),
        ("{trial} --model_path {model} --dataset {questions} --budgets 0", "--budgets 0: a budget is above 0"),
        ("{trial} --model_path {model} --dataset {questions} --calibrate 3", "--calibrate is 3; it must be at least 4"),
        (
            "{trial} --model_path {bare} --dataset {questions} --results_dir {unprofiled}",
            "give the file with --importance",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    flags: str, sentence: str, trial: Path, tmp_path: Path, unprofiled: Path, without_importance: Path,
    training_images_only: Path, other_images: Path,
) -> None:  # fmt: skip
    (tmp_path / "nothing").mkdir()
    places = {
        "trial": trial, "model": MODEL, "questions": QUESTIONS, "nothing": tmp_path / "nothing",
        "bare": without_importance, "unprofiled": unprofiled, "training": training_images_only,
        "grey": other_images,
    }  # fmt: skip
    arguments = [argument.format(**places) for argument in flags.split()]
    status, _, err = deploy_here(*arguments, "--output", tmp_path / "output", "--max_samples", "4")
    assert status == 2
    assert re.search(sentence, err)
    assert err.count("\n") == 1
