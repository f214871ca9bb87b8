"""What the lab asks of this machine's kernel, looked at before anything is built."""

import shutil
import subprocess
from pathlib import Path

from runbook.lab.cgroup import ControlGroup
from runbook.lab.command import SBIN_PATH, LabError, run

MODULES = ("overlay", "bridge", "veth", "loop", "xfs")
FILE_SYSTEMS = {"overlay": "CONFIG_OVERLAY_FS", "xfs": "CONFIG_XFS_FS"}
DEVICES = ("bridge", "veth")


def check_kernel() -> None:
    """Raise LabError naming what this kernel, or this container, does not give to the lab."""
    if modprobe := shutil.which("modprobe", path=SBIN_PATH):
        # It fails where a feature is built in, or in a container: what counts is looked at below.
        subprocess.run([modprobe, "-q", "-a", *MODULES], capture_output=True, timeout=20, check=False)
    known = Path("/proc/filesystems").read_text().split()
    for kind, option in FILE_SYSTEMS.items():
        if kind not in known:
            raise LabError(f"this kernel has no {kind} file system ({option}, module {kind})")
    if not Path("/dev/loop-control").exists():
        raise LabError("this machine has no loop devices (CONFIG_BLK_DEV_LOOP, module loop; root of its own)")
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
