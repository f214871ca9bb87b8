"""What the lab asks of this machine's kernel, looked at before anything is built."""

import shutil
import subprocess
from pathlib import Path

from runbook.lab.cgroup import ControlGroup
from runbook.lab.command import SBIN_PATH, LabError, run

MODULES = ("overlay", "bridge", "veth")
DEVICES = ("bridge", "veth")


def check_kernel() -> None:
    """Raise LabError naming what this kernel, or this container, does not give to the lab."""
    if modprobe := shutil.which("modprobe", path=SBIN_PATH):
        # It fails where a feature is built in, or in a container: what counts is looked at below.
        subprocess.run([modprobe, "-q", "-a", *MODULES], capture_output=True, timeout=20, check=False)
    if "overlay" not in Path("/proc/filesystems").read_text().split():
        raise LabError("this kernel has no overlay file system (CONFIG_OVERLAY_FS, module overlay)")
    for kind in DEVICES:
        _check_device(kind)
    _ = ControlGroup("").directories


def _check_device(kind: str) -> None:
    try:
        # In a network namespace of its own, which takes the trial away with it.
        run(["unshare", "--net", "ip", "link", "add", "name", "trial", "type", kind])
    except LabError as error:
        reason = f"this machine makes no {kind} devices (CONFIG_{kind.upper()}, module {kind}; root of its own)"
        raise LabError(reason, str(error)) from error
