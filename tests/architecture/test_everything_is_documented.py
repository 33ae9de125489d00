"""Every setting and every error says what it is; the page of settings is current."""

import importlib
import importlib.util
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

import sealane
from sealane.errors import SealaneError
from sealane.settings.model import Settings

DOCS = Path(__file__).parents[2] / "docs"


def generator(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def undescribed(model: type[BaseModel], prefix: str = "") -> list[str]:
    missing = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            missing += undescribed(kind, f"{prefix}{name}.") + ([] if kind.__doc__ else [prefix + name])
        elif not (field.description or "").strip().endswith("."):
            missing.append(prefix + name)
    return missing


def test_every_setting_is_described() -> None:
    """A sentence for each, with unit, reason of the default and how to switch it off."""
    assert undescribed(Settings) == []


def test_the_page_of_settings_is_current() -> None:
    """Otherwise run `make docs`."""
    assert (DOCS / "settings.md").read_text() == generator("generate_settings").page()


def test_the_page_of_the_api_is_current() -> None:
    """Otherwise run `make docs`."""
    assert (DOCS / "api.md").read_text() == generator("generate_api").page()


def test_every_error_says_what_it_is_and_how_it_ends() -> None:
    """Each class of errors has a docstring of its own, an exit code of the table and an HTTP status."""
    for module in pkgutil.walk_packages(sealane.__path__, "sealane."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(kind: type[SealaneError]) -> list[type[SealaneError]]:
        return [kind, *(subclass for child in kind.__subclasses__() for subclass in below(child))]

    errors = below(SealaneError)
    assert len(errors) > 15
    assert [e.__name__ for e in errors if not inspect.cleandoc(vars(e).get("__doc__") or "").endswith((".", "…"))] == []
    assert {e.exit_code for e in errors} <= {1, 2, 3}
    assert all(400 <= e.http_status < 600 for e in errors)


def test_decisions_have_a_number_each() -> None:
    """In the file's name and in its title; two that are written at the same time must not share one."""
    files = sorted((DOCS / "decisions").glob("*.md"))
    assert [file.name[:4] for file in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for file in files:
        assert file.read_text().startswith(f"# {int(file.name[:4])}. "), file.name
