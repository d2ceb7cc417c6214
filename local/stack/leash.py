"""Run one command that can't outlive whoever started it. A program, importing nothing of ours.

    python -I -S leash.py '{"command": [...], "stop": 15, "orphaned": 9, "grace": 10}'

Standard input is the leash. A byte on it: the command's process group gets the signal ``stop`` and
``grace`` seconds. Its end, which no crash or ``kill -9`` of the other side can prevent: the group
gets ``orphaned``. What is left of the group afterwards is killed. The exit code is the command's.
``user`` and ``group`` (ids) are who the command runs as; ``remove`` is a folder that goes with it.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading


def main() -> int:
    order = json.loads(sys.argv[1])
    # Handled and not ignored: the command would inherit being deaf to them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        child = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=order.get("user"),
            group=order.get("group"),
            extra_groups=None if order.get("user") is None else [],
        )
    except OSError as error:
        print(f"{order['command'][0]}: {error.strerror}", flush=True)
        return 127
    ended, closes_at_end = os.pipe()

    def watch() -> None:
        child.wait()
        os.close(closes_at_end)

    threading.Thread(target=watch, daemon=True).start()
    if ended not in select.select([0, ended], [], [])[0]:
        told = os.read(0, 1)
        _signal(child.pid, order["stop"] if told else order["orphaned"])
        select.select([ended], [], [], order["grace"])
    _signal(child.pid, signal.SIGKILL)
    code = child.wait()
    if order.get("remove"):
        shutil.rmtree(order["remove"], ignore_errors=True)
    return code if code >= 0 else 128 - code


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left of it
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
