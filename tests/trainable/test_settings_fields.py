"""What every command's settings have in common."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from trainable.contract import UserError
from trainable.settings_fields import Role, changes, roles_by_name, setting, to_flat, typed_values
from trainable.user_paths import PathTo


@dataclass(frozen=True)
class Inner:
    lr: float = setting(1e-3, "the learning rate")
    layers: tuple[str, ...] = setting((), "layers")
    frozen: bool = False
    data: str | None = setting(None, "a folder", path_to=PathTo.FOLDER, is_path=lambda value: "/" not in value)


@dataclass(frozen=True)
class Outer:
    epochs: int = setting(3, "epochs", group="all", roles=[Role.TRAINING, Role.CHANGEABLE])
    inner: Inner = field(default_factory=Inner)


def read(flat: dict[str, Any]) -> Outer:
    of_outer, of_inner = typed_values(flat, Outer, Inner)
    return Outer(**of_outer, inner=Inner(**of_inner))


def test_settings_are_the_same_after_the_way_through_flat_values() -> None:
    settings = Outer(7, Inner(0.5, ("a", "b"), frozen=True))
    assert to_flat(settings) == {"epochs": 7, "lr": 0.5, "layers": ["a", "b"], "frozen": True, "data": None}
    assert read(to_flat(settings)) == settings


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [("lr", 1, 1.0), ("lr", "1e-4", 1e-4), ("layers", "a", ("a",)), ("data", None, None), ("frozen", True, True)],
)
def test_a_value_as_yaml_has_it_becomes_the_settings_type(name: str, value: object, typed: object) -> None:
    assert getattr(read({name: value}).inner, name) == typed


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("lr", "fast", "a number"), ("lr", True, "a number"), ("lr", None, "a number"),
        ("epochs", 1.5, "a whole number"), ("epochs", True, "a whole number"),
        ("frozen", 1, "true or false"), ("layers", [1], "text"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(name: str, value: object, wanted: str) -> None:
    with pytest.raises(UserError) as refused:
        read({name: value})
    assert str(refused.value).endswith(f"it must be {wanted}")


@pytest.mark.parametrize("name", ["epoch", "inner"])
def test_a_name_that_is_no_setting_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"^{name} is no setting"):
        read({name: 1})


def test_a_change_is_allowed_where_the_settings_role_says_so() -> None:
    found = changes(Outer(), Outer(5, Inner(0.1)))
    assert [(change.name, change.before, change.after, change.allowed) for change in found] == [
        ("epochs", 3, 5, True),
        ("lr", 1e-3, 0.1, False),
    ]


def test_a_field_that_says_nothing_of_its_role_shapes_the_training() -> None:
    assert roles_by_name(Outer())["frozen"] == ["training"]


def test_a_path_is_found_from_anywhere_and_another_value_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read({"data": "profile"}).inner.data == str(tmp_path / "profile")
    assert read({"data": "org/model"}).inner.data == "org/model"
    with pytest.raises(UserError, match=r"^data '' is no path"):
        read({"data": ""})
