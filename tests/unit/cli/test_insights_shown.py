"""What `sealane insights --of …` prints: figures to stdout, and a sentence where there are none."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.cli.commands import insights

HOURS = [{"hour": hour, "changes": 0, "failed": 0} for hour in range(24)]
BUSY = [{**hour, "changes": 4, "failed": 1} if hour["hour"] == 8 else hour for hour in HOURS]
QUIET = {"rolled_back": 0, "gone_back": 0, "left": 0, "causes": []}
ENDED = {"cause": "ended", "app": "shop", "times": 1}
WAITED = {
    "changes": 3,
    "lead_time": 12.0,
    "queue": 0.9,
    "steps": 10.2,
    "approval": 0.0,
    "hold": 0.2,
    "window": 0.1,
    "rollout": 0.6,
}
NEVER = dict.fromkeys(WAITED, 0)
RAN = {"runs": 3, "passed": 3, "success": 1.0, "median": 2.4, "p95": 8.6}


@pytest.mark.parametrize(
    ("of", "figures", "out", "err"),
    [
        (
            "failures",
            {**QUIET, "failed": 1, "rolled_back": 1, "causes": [ENDED], "hours": BUSY},
            (
                "1 of 4 failed: 1 rolled back automatically, 0 rolled back by a person, 0 left\n"
                "a container ended  shop  1\n"
                "08:00  4  1  25.0 %\n"
            ),
            "",
        ),
        (
            "failures",
            {**QUIET, "failed": 0, "hours": [{**hour, "failed": 0} for hour in BUSY]},
            "none of 4 failed\n08:00  4  0  0.0 %\n",
            "",
        ),
        ("failures", {**QUIET, "failed": 0, "hours": HOURS}, "", "no change was deployed there in these days\n"),
        (
            "waits",
            WAITED,
            (
                "queue             0.3 s   8 %\n"
                "steps and images  3 s     85 %\n"
                "approval          0 s     0 %\n"
                "holds             0.07 s  2 %\n"
                "windows           0.03 s  1 %\n"
                "rollout           0.2 s   5 %\n"
            ),
            "",
        ),
        ("waits", NEVER, "", "no change was deployed there in these days\n"),
        (
            "pipelines",
            {"parts": [{"name": "shop", "ran": RAN}], "steps": [{"name": "step/test", "ran": RAN}]},
            "shop       3  3  100.0 %  2 s  9 s\nstep/test  3  3  100.0 %  2 s  9 s\n",
            "",
        ),
        ("pipelines", {"parts": [], "steps": []}, "", "no run came to its end in these days\n"),
    ],
)
def test_it_prints_what_there_is_or_that_there_is_nothing(
    of: str, figures: dict[str, Any], out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    insights._SHOWN[of](figures)
    assert tuple(capsys.readouterr()) == (out, err)
