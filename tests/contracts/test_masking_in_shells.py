"""However the shells of this machine print a secret, the log shows nothing of it."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from sealane.secrets.masking import MASK
from tests.unit.secrets.test_forms import PIECES, SECRETS, masked

SHELLS = {
    "bash -x": ("bash", 'set -x; : "$S"'),
    "bash export": ("bash", "export -p"),
    "bash declare": ("bash", "declare -p S"),
    "bash set": ("bash", "set"),
    "bash %q": ("bash", 'printf "%q\\n" "$S"'),
    "bash @Q": ("bash", 'echo "${S@Q}"'),
    "bash alias": ("bash", 'alias a="$S"; alias'),
    "bash in C": ("bash", 'export LC_ALL=C; set -x; : "$S"; export -p'),
    "dash -x": ("dash", 'set -x; : "$S"'),
    "dash export": ("dash", "export -p"),
    "dash set": ("dash", "set"),
    "env": ("bash", "env"),
    "xargs": ("bash", 'printf "%s\\0" "$S" | xargs -0 -t true'),
    "od": ("bash", 'printf %s "$S" | od -An -tx1 -v | tr -d " \\n"'),
    "base64": ("bash", 'printf %s "$S" | base64'),
    "wrapped base64": ("bash", 'printf "%s%s%s%s%s" "$S" "$S" "$S" "$S" "$S" | base64'),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("name", SHELLS)
def test_no_shell_gets_a_secret_past_the_mask(name: str, secret: str) -> None:
    """The shells of this machine print it as they do."""
    shell, script = SHELLS[name]
    program = shutil.which(shell)
    assert program
    variables = {"S": secret, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    run = subprocess.run([program, "-c", script], env=variables, capture_output=True, check=True, timeout=120)
    printed = run.stdout + run.stderr
    shown = masked(secret, printed)

    assert MASK in shown, printed
    assert not any(piece.encode() in shown for piece in PIECES), shown
    assert not any(base64.b64encode(piece.encode())[1:-4] in shown for piece in PIECES), shown
