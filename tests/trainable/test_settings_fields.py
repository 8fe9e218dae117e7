"""What every command's settings have in common."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import date
from enum import Enum, IntFlag
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from typed_run import Size, TypedSettings, Walk

from results.record.settings_file import read_by_hand
from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flags, as_arguments
from trainable.settings_fields import (
    Role,
    built,
    changes,
    require_declarable,
    require_usable_paths,
    roles_by_name,
    setting,
    to_flat,
    typed_values,
    with_values,
)
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


def read_typed(flat: dict[str, Any]) -> TypedSettings:
    (values,) = typed_values(flat, TypedSettings)
    return built(TypedSettings, values)


GIVEN = TypedSettings(
    map=Path("/maps/hills"), walk=Walk.ROUND_ABOUT, size=Size.LARGE, pace="any", shoes=False, rest=None, speed=2.5,
    betas=(0.1, 1.0), stops=[], sizes=(Size.LARGE,), books=[Path("/b")], said="-1",
)  # fmt: skip


@pytest.mark.parametrize("settings", [TypedSettings(map=Path("/m")), GIVEN], ids=["defaults", "given"])
def test_settings_of_every_type_are_the_same_after_the_way_through_json_and_yaml(settings: TypedSettings) -> None:
    flat = to_flat(settings)
    assert read_typed(json.loads(json.dumps(flat))) == settings
    assert read_typed(yaml.safe_load(yaml.safe_dump(flat))) == settings
    assert with_values(TypedSettings(map=Path("/other")), flat) == settings


def test_a_files_texts_become_values_of_every_type(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "map: ~/m\nwalk: round about\nsize: LARGE\npace: '2'\nshoes: off\nrest:\nspeed: 2.5\nbetas: [1e-3, 1]\n"
        "stops: 3\nsizes: [SMALL, LARGE]\nbooks: []\nsaid: ''\n",
        encoding="utf-8",
    )
    assert read_typed(read_by_hand(file)) == TypedSettings(
        map=Path.home() / "m", walk=Walk.ROUND_ABOUT, size=Size.LARGE, pace=2, shoes=False, rest=None, speed=2.5,
        betas=(0.001, 1.0), stops=[3], sizes=(Size.SMALL, Size.LARGE), said="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("map", "", "map '' is no path; give one without NUL that is not empty"),
        (
            "map",
            "s3://bucket/m",
            "map s3://bucket/m: s3: addresses are not supported here; give a path of",
        ),
        ("map", 3, "map is 3; it must be a path"),
        ("walk", "STRAIGHT", "walk is 'STRAIGHT'; it must be one of straight, round about"),
        ("size", 1, "size is 1; it must be one of SMALL, LARGE"),
        ("pace", 3, "pace is 3; it must be one of 1, 2, any"),
        ("pace", True, "pace is True; it must be one of 1, 2, any"),
        ("shoes", "maybe", "shoes is 'maybe'; it must be true or false"),
        ("rest", "nan", "rest is 'nan'; it must be a number"),
        ("speed", "fast", "speed is 'fast'; it must be a number or auto"),
        ("betas", [0.5], "betas is [0.5]; it must be 2 values"),
        ("betas", [0.5, 0.1], "betas are (0.5, 0.1); the second must be larger"),
        ("stops", [[1, 2]], "stops is [1, 2]; it must be a whole number, and one value"),
        ("stops", "9" * 5000, f"stops is '{'9' * 79}; it must be a whole number"),
        ("stops", {"a": 1}, "stops is {'a': 1}; it must be a whole number, and one value"),
        ("sizes", ["SMALL", "small"], "sizes is 'small'; it must be one of SMALL, LARGE"),
        ("said", "\udcff", "said is '\\udcff'; it must be text"),
        ("steps", 3, "steps is no setting; did you mean stops?"),
    ],
)
def test_a_value_that_is_not_of_its_settings_type_is_refused_in_a_sentence(
    name: str, value: object, sentence: str
) -> None:
    with pytest.raises(UserError) as refused:
        read_typed({"map": "/m", name: value})
    assert str(refused.value).startswith(sentence)


def test_a_setting_without_a_default_must_be_given() -> None:
    with pytest.raises(UserError, match=r"^map has no default; give --map, or set it in the file of --config$"):
        read_typed({})


def declared(annotation: object, **of_field: Any) -> type:
    return make_dataclass("Mine", [("x", annotation, field(**of_field))], frozen=True)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (float, 1), (int | None, None), (str, None), (Literal["a", None], None), (Path | None, Path("/x")),
        (Walk, Walk.STRAIGHT), (Sequence[str], ("a",)), (list[Literal[1, 2]] | None, None),
        (tuple[int, int, int], (1, 2, 3)), (float, float("inf")), ("int", 3),
        (float | Literal["auto"], "auto"), (int | Literal["few", "all"] | None, 3),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_setting_can_be(annotation: object, default: object) -> None:
    require_declarable(declared(annotation, default=default), ())


@pytest.mark.parametrize(
    ("annotation", "default", "sentence"),
    [
        (Any, 1, "Mine.x is declared as Any, which no flag can give; use bool, int, float, str, Path, an Enum, a Li"),
        (dict[str, int], None, "Mine.x is declared as dict[str, int], which no flag can give"),
        (date, None, "Mine.x is declared as datetime.date, which no flag can give"),
        (int | str, 1, "Mine.x is declared as int | str, which no flag can give"),
        (int | float, 1, "Mine.x is declared as int | float, which no flag can give"),
        (float | Literal["auto"], "car", "Mine.x has the default 'car'; it must be a number or auto"),
        (tuple[int, str], (1, "a"), "Mine.x is declared as tuple[int, str], which no flag can give"),
        (list[list[int]], None, "Mine.x is declared as list[list[int]], which no flag can give"),
        (list, None, "Mine.x is declared as list, which no flag can give"),
        (IntFlag("Bits", "A B"), None, "Mine.x is declared as "),
        (Inner, Inner(), "which no flag can give; inherit its fields instead, or use bool, "),
        ("Nowhere", 1, "Mine has a field whose type cannot be read (name 'Nowhere' is not defined); import or correct"),
        (int, 1.5, "Mine.x has the default 1.5; it must be a whole number"),
        (float, float("nan"), "Mine.x has the default nan; it must be a number"),
        (str, ("a",), "Mine.x has the default ('a',); it must be text"),
        (tuple[str, ...], "abc", "Mine.x has the default 'abc'; it must be text each"),
        (tuple[int, int], (1,), "Mine.x has the default (1,); it must be a whole number each"),
        (Literal["a"], "b", "Mine.x has the default 'b'; it must be one of a"),
        (Enum("Of", "A B"), "A", "Mine.x has the default 'A'"),
    ],
    ids=str,
)
def test_what_a_setting_cannot_be_is_refused_in_a_sentence(annotation: object, default: object, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        require_declarable(declared(annotation, default=default), ())
    assert sentence in str(refused.value)


def test_settings_are_a_frozen_dataclass_of_fields_with_names_of_their_own() -> None:
    @dataclass
    class Loose:
        x: int = 1

    @dataclass(frozen=True)
    class Asking:
        x: int = 1
        path: InitVar[str] = ""

    for wrong, sentence in (
        ({"lr": 1.0}, "settings_type is {'lr': 1.0}; it must be a dataclass: @dataclass(frozen=True)"),
        (Inner(), "settings_type is Inner(lr=0.001, "),
        (dict, "settings_type is <class 'dict'>; it must be a dataclass"),
        (Loose, "Loose can be changed, and settings cannot; declare it with @dataclass(frozen=True)"),
        (Asking, "Asking takes path, which is no field of it; make it one, with a type and a default"),
        (declared(int, default=1), "Mine.x: x is a name of the sweep's own; call the setting something else"),
    ):
        with pytest.raises(UserError) as refused:
            require_declarable(wrong, ["x"] if wrong is not Asking else [])
        assert sentence in str(refused.value)


def test_every_path_of_a_list_must_be_there_and_none_need_be(tmp_path: Path) -> None:
    files = setting(None, "files", path_to=PathTo.FILE)
    listing = make_dataclass("Listing", [("files", list[Path] | None, files)], frozen=True)
    (tmp_path / "there").touch()
    require_usable_paths(listing())
    require_usable_paths(listing([tmp_path / "there"]))
    with pytest.raises(UserError, match=r"^files .*/gone: there is no such file; say with --files where it lies"):
        require_usable_paths(listing([tmp_path / "there", tmp_path / "gone"]))


@dataclass(frozen=True)
class Named:
    tried: tuple[str, ...] = setting((), "what is tried first", flag="try")
    lr: float = 0.1


def test_a_setting_may_be_called_what_python_has_a_word_for():
    settings = built(Named, *typed_values({"try": ["a", "b"]}, Named))
    assert (settings.tried, to_flat(settings)) == (("a", "b"), {"try": ["a", "b"], "lr": 0.1})
    assert with_values(settings, {"lr": 0.2}).tried == ("a", "b")
    assert changes(Named(), settings)[0].name == "try"
    assert as_arguments(settings) == ["--try", "a", "b"]
    parser = OneSentenceParser("x", None, argument_default=argparse.SUPPRESS)
    add_flags(parser, Named)
    assert vars(parser.parse_args(["--try", "a", "--try", "b", "c"])) == {"try": ["a", "b", "c"]}
