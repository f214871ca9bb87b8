"""The root file system every host of an operating system starts from: built once, kept, never changed."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from runbook.lab.command import SBIN_PATH, LabError, Log, Say, locked, remove_tree, run
from runbook.lab.recipes import RECIPES, Recipe

CACHE = Path("/var/cache/mysql-runbook-lab")
BUILD_SECONDS = 1800
MIRROR_VARIABLE = "LAB_MIRROR"
KEYRINGS = tuple(Path(f"/usr/share/keyrings/debian-archive-keyring.{kind}") for kind in ("pgp", "gpg"))

# Command the lab uses on this machine: the package that has it.
TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "bridge": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "mkfs.xfs": "xfsprogs",
}

BASE = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "ca-certificates",
    "iproute2",
    "openssh-server",
    "python3-minimal",
    "sudo",
)

# Run in the new root, one argument of packages for each engine: engines may conflict with each other.
FURNISH = r"""
set -eu
useradd --create-home --shell /bin/bash --no-user-group operator
useradd --create-home --shell /bin/bash --no-user-group nosudo
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab
chmod 440 /etc/sudoers.d/lab
echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys' > /etc/ssh/sshd_config.d/lab.conf
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/lab
systemctl enable systemd-networkd.service
# Without a network they fail, or hold the lock of a runbook's own apt-get.
systemctl mask apt-daily.timer apt-daily-upgrade.timer
apt-get clean
# From the package lists that debootstrap left: they fit what it installed, to the version.
for packages in "$@"; do
    # shellcheck disable=SC2086
    apt-get -q -y --download-only install $packages
done
# What asks for the network, which these hosts do not have, fails at once.
cat > /etc/apt/apt.conf.d/90lab << 'END'
Acquire::Retries "0";
Acquire::http::Timeout "2";
Acquire::https::Timeout "2";
END
# Each host makes its own.
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
: > /etc/machine-id
: > /etc/resolv.conf
"""


def mirror_of(index_targets: str) -> str | None:
    """The first Debian archive among `apt-get indextargets` lines of origin, label, component and URI."""
    for line in index_targets.splitlines():
        origin, label, component, uri = line.split("\t")
        if (origin, label, component) == ("Debian", "Debian", "main") and uri.startswith(("http:", "https:")):
            return uri
    return None


def debian_mirror() -> str:
    """The Debian mirror that LAB_MIRROR or this machine's APT sources name; LabError when neither does."""
    if given := os.environ.get(MIRROR_VARIABLE):
        return given
    format_ = "$(ORIGIN)\t$(LABEL)\t$(COMPONENT)\t$(REPO_URI)"
    targets = run(["apt-get", "indextargets", "--format", format_, "Created-By: Packages"])
    if mirror := mirror_of(targets):
        return mirror
    raise LabError(
        "this machine's APT sources name no Debian mirror, and the lab's hosts are Debian",
        f"name one:  sudo {MIRROR_VARIABLE}=<URL of a Debian mirror> ./inv lab.up",
        "(if this is a Debian machine: apt-get update, then lab.up again)",
    )


def keyring() -> Path | None:
    """The keys of the Debian archive on this machine."""
    return next((path for path in KEYRINGS if path.exists()), None)


def proxy_environment() -> dict[str, str]:
    """APT's own proxy, if it has one, for debootstrap and for APT inside the image."""
    proxy = run(["apt-config", "--format", "%v", "dump", "Acquire::http::Proxy"]).strip()
    return {"http_proxy": proxy} if proxy else {}


def install_tools(more: Sequence[str], say: Say) -> None:
    """Install what the lab needs on this machine and is not there, by APT; `more` are packages of a tool each."""
    tools = TOOLS | {name: name for name in more}
    missing = {package for tool, package in tools.items() if not shutil.which(tool, path=SBIN_PATH)}
    if keyring() is None:
        missing.add("debian-archive-keyring")
    if not missing:
        return
    if not shutil.which("apt-get", path=SBIN_PATH):
        raise LabError(f"the lab needs {', '.join(sorted(missing))}, and this machine has no apt-get")
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "lock", "another installation of the lab's tools", BUILD_SECONDS, say) as held:
        log = _fresh_log(CACHE / "tools.log", held)
        say(f"installing on this machine: {' '.join(sorted(missing))}")
        noninteractive = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "-q", "update"], seconds=BUILD_SECONDS, log=log)
        install = ["apt-get", "-q", "-y", "--no-install-recommends", "install", *sorted(missing)]
        run(install, seconds=BUILD_SECONDS, log=log, env=noninteractive)


def _fresh_log(path: Path, held: int) -> Log:
    path.write_text("")
    return Log(path, held)


def package_groups(os_name: str) -> list[str]:
    """The packages of each engine on this operating system, one string each: the image holds them all."""
    return sorted({" ".join(recipe.packages) for recipe in RECIPES if recipe.os == os_name})


def digest(suite: str, groups: Sequence[str], remake: str = "") -> str:
    """A name for what the image is made of: another recipe is another image."""
    return hashlib.sha256(json.dumps([suite, BASE, groups, FURNISH, remake]).encode()).hexdigest()[:12]


def remaking(recipe: Recipe) -> str:
    """The script that makes another system of Debian, or nothing."""
    return Path(__file__).with_name(recipe.remake).read_text() if recipe.remake else ""


def image(recipe: Recipe, state: Path, say: Say) -> Path:
    """The recipe's root file system, built now if it is not there; `state` holds the labs that use images."""
    groups = package_groups(recipe.os)
    folder, script = CACHE / recipe.os, remaking(recipe)
    root = folder / f"rootfs-{digest(recipe.suite, groups, script)}"
    if root.exists():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock", f"another build of the {recipe.os} image", BUILD_SECONDS, say) as held:
        if not root.exists():
            _clear(folder, state)
            say(f"image {recipe.os}: building, a minute or two; watch it: tail -f {folder / 'build.log'}")
            tarball = recipe.tarball(CACHE / recipe.engine, say) if recipe.tarball and recipe.remake else None
            started = time.monotonic()
            _build(root, recipe, groups, script, _fresh_log(folder / "build.log", held), tarball)
            say(f"image {recipe.os}: built in {time.monotonic() - started:.0f} s, kept in {root}")
    return root


def _build(root: Path, recipe: Recipe, groups: Sequence[str], script: str, log: Log, tarball: Path | None) -> None:
    mirror, environment = debian_mirror(), proxy_environment()
    building = Path(tempfile.mkdtemp(prefix="building-", dir=root.parent))
    building.chmod(0o755)
    options = ["--variant=minbase", f"--include={','.join(BASE)}"]
    if keys := keyring():
        options.append(f"--keyring={keys}")
    bootstrap: list[str | Path] = ["debootstrap", *options, recipe.suite, building, mirror]
    run(bootstrap, seconds=BUILD_SECONDS, log=log, env=environment)
    furnish: list[str | Path] = ["chroot", building, "sh", "-s", *groups]
    run(furnish, seconds=BUILD_SECONDS, stdin=FURNISH, log=log, env=environment)
    if script:
        if tarball:
            shutil.copy(tarball, building / "srv/mysql.tar.gz")
        remake: list[str | Path] = ["chroot", building, "bash", "-s", *recipe.packages]
        run(remake, seconds=BUILD_SECONDS, stdin=script, log=log, env=environment)
    building.rename(root)


def _clear(folder: Path, state: Path) -> None:
    """Delete the remains of builds that were cut off, and old images that no lab stands on."""
    used = {json.loads(lab.read_text())["image"] for lab in state.glob("*/lab.json")}
    for directory in [*folder.glob("building-*"), *folder.glob("rootfs-*")]:
        if str(directory) not in used:
            remove_tree(directory)
