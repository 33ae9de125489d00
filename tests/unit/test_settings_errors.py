"""Typing errors in variables are told, and never what is no setting's business."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from sealane.settings import errors as settings_errors
from sealane.settings.model import Settings

FITTING = {"int": "3", "float": "2.5", "bool": "true", "list": '["a/*"]'}


@pytest.mark.parametrize("name", settings_errors.known())
def test_every_setting_is_known_and_a_slip_in_it_is_told(name: str) -> None:
    """One letter left out of any of them: the right name is offered."""
    assert settings_errors.unknown({name: "", name.lower(): ""}) == ()
    slip = name[:-2] + name[-1]
    assert settings_errors.unknown({slip: ""}) == (f"{slip} is no setting: did you mean {name}?",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEALANE_URL", "https://x"),
        ("SEALANE_TOKEN", "sln_x"),
        ("SEALANE_DEBUG", "1"),
        ("SEALANE_STEP", "test"),
        ("SEALANE_DEPLOY_TAG", "x"),
        ("SEALANE_SECRET_WEB__PASSWORD", "x"),
        ("SEALANE_TEST_KUBECONFIG", "x"),
        ("SEALANE_SERVICE_HOST", "10.0.0.1"),
        ("SEALANE_SERVICE_PORT_HTTP", "80"),
        ("SEALANE_PORT", "tcp://10.0.0.1:80"),
        ("SEALANE_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("SEALANE_DB_PORT", "tcp://10.0.0.1:5432"),
        ("SEALANE_DB_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ],
)
def test_what_others_set_is_left_alone(name: str, value: str) -> None:
    """The command line, steps, apps' secrets, tests, and Kubernetes for a Service called sealane."""
    assert settings_errors.unknown({name: value}) == ()


@pytest.mark.parametrize("name", ["SEALANE_PORT", "SEALANE_HTTP_PORT", "SEALANE_RUNS__ATONCE", "SEALANE_FLAVOUR"])
def test_what_is_nothing_is_told(name: str) -> None:
    (told,) = settings_errors.unknown({name: "1"})
    assert told.startswith(f"{name} is no setting")


def test_a_wrong_value_of_an_option_names_the_option() -> None:
    with pytest.raises(ValidationError) as error:
        Settings(http={"port": 99999})
    [told] = settings_errors.wrong(error.value, {("http", "port"): "--port"})
    assert told == "--port Input should be less than or equal to 65535"


@pytest.mark.parametrize("name", settings_errors.known())
def test_a_wrong_value_names_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever setting refuses a value, its variable is told, and a secret value is not."""
    for value in ("~nobody-is-called-so/x", "-7", "[1,"):
        monkeypatch.setenv(name, value)
        try:
            Settings()
        except ValidationError as error:
            (told,) = settings_errors.wrong(error)
            group = name.rpartition("__")[0]
            assert told.startswith((f"{name} ", f"{name}: ", f"{group}: ")), told
            assert name in told
            assert "~nobody" not in told or "home" in told
        except SettingsError:
            assert settings_errors.unreadable({name: value}) == name
