"""Asks a process on this machine whether it is well: ``python -m foi_portal.probe web|worker|beat``.

Exit status 0 when it is. Used by the container health checks; needs no curl in the image.
"""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

from foi_portal.celery import HEARTBEAT_SECONDS
from foi_portal.environment import Environment

env = Environment()


def web() -> bool:
    """The health page answers 200. The host is named as a visitor would, or Django refuses the request."""
    host = env.words("ALLOWED_HOSTS", ["localhost"])[0].lstrip(".").replace("*", "localhost")
    url = f"http://127.0.0.1:{env.number('PORT', 8000)}/healthz"
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=8) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def worker() -> bool:
    """The worker of this host answers over the broker."""
    command = [sys.executable, "-m", "celery", "-A", "foi_portal", "inspect", "ping", "--timeout", "5"]
    command += ["-d", f"celery@{os.uname().nodename}"]
    answer = subprocess.run(command, capture_output=True, timeout=20, check=False)  # noqa: S603
    return answer.returncode == 0


def beat() -> bool:
    """A task was sent within the last three heartbeats."""
    from foi_portal import settings

    tick = settings.BEAT_TICK_FILE
    return tick.exists() and time.time() - tick.stat().st_mtime < 3 * HEARTBEAT_SECONDS


if __name__ == "__main__":
    sys.exit(0 if {"web": web, "worker": worker, "beat": beat}[sys.argv[1]]() else 1)
