"""PostgreSQL and TimescaleDB from Debian's packages, unpacked where any user may run them.

Enters: a folder for downloaded programs. Leaves: a folder with the servers' programs in it. The
packages come by `apt-get download` with folders of our own, from the mirror that this machine's
own configuration names, signatures checked with its Debian keyring; nothing is installed on the
system and root is not needed. The programs are given their own loader and libraries, so they run
beside any other release. May fail: no apt-get, no Debian mirror or keyring, no network.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.local.account import make_open
from deploy.local.processes import run
from deploy.local.trouble import ELSEWHERE, StackError

if TYPE_CHECKING:
    from deploy.local.sentences import Tell

RELEASE = "trixie"
MAJOR = "17"
# What `postgres`, `psql` and their modules load, found with the loader's own trace; a closed list,
# because apt's dependencies would bring perl, LLVM and an init system along.
PACKAGES = (  # noqa: SIM905 - forty names read better as one text
    "postgresql-17 postgresql-client-17 postgresql-17-timescaledb libc6 libgcc-s1 libcrypt1 "
    "libssl3t64 zlib1g libzstd1 liblz4-1 libpam0g libaudit1 libcap-ng0 libcap2 libsystemd0 "
    "libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 libcom-err2 libldap2 "
    "libsasl2-2 libgcrypt20 libgpg-error0 libicu76 libxml2 libxslt1.1 liblzma5 libstdc++6 "
    "libuuid1 libpq5 libreadline8t64 libedit2 libtinfo6 libbsd0 libmd0 libselinux1 "
    "libpcre2-8-0 libxxhash0 tzdata"
).split()
_SUITES = {"oldoldstable", "oldstable", "stable", "testing", "unstable", "sid"} | {
    *("buster", "bullseye", "bookworm", "trixie", "forky", "duke")
}
_FIELDS = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)"
_KEYRINGS = tuple(
    Path("/usr/share/keyrings") / f"debian-archive-keyring.{kind}" for kind in ("gpg", "pgp")
)
_SURPLUS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian")
# The server looks for time zones below its own data folder, where a link to ours lies: a small
# machine need not have the system's, and the zones are those of the release.
_SYSTEM_ZONES = b"/usr/share/zoneinfo\0"
_OWN_ZONES = b"zoneinfo\0".ljust(len(_SYSTEM_ZONES), b"\0")


def programs(tree: Path) -> Path:
    """Return the folder of `postgres`, `initdb` and `psql` in `tree`."""
    return tree / "usr/lib/postgresql" / MAJOR / "bin"


def zones(tree: Path) -> Path:
    """Return the folder of time zones in `tree`."""
    return tree / "usr/share/zoneinfo"


def fetch_postgres(root: Path, tell: Tell, mirror: str | None = None) -> Path:
    """Return the unpacked PostgreSQL below `root`, downloading it when it is not there."""
    tree = root / f"postgresql-{MAJOR}-{RELEASE}-1"
    if programs(tree).is_dir():
        return tree
    _need_tools()
    make_open(root)
    tell("fetch_postgres", version=MAJOR, count=len(PACKAGES))
    with tempfile.TemporaryDirectory(prefix="debian-", dir=root) as work:
        folder = Path(work)
        packages = _download(folder, mirror)
        built = folder / "tree"
        built.mkdir()
        for package in packages:
            run(["dpkg", "-x", str(package), str(built)], what=f"unpacking {package.name}")
        _prune(built)
        _relocate(built, tree)
        built.chmod(0o755)
        _put(built, tree)
    return tree


def _put(built: Path, tree: Path) -> None:
    """Give the unpacked programs their name, unless another clone's start was quicker."""
    try:
        built.rename(tree)
    except OSError:
        if not programs(tree).is_dir():
            raise


def _need_tools() -> None:
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise StackError(f"no {tool} here, from which PostgreSQL comes: {ELSEWHERE}")


def _download(folder: Path, mirror: str | None) -> list[Path]:
    """Download the closed list into `folder`, from the first mirror that has it."""
    keyring = next((path for path in _KEYRINGS if path.is_file()), None)
    if keyring is None:
        raise StackError(
            f"no Debian keyring here (package debian-archive-keyring), by which PostgreSQL's "
            f"packages are checked: install it, or {ELSEWHERE}"
        )
    failure: StackError | None = None
    for address in [mirror] if mirror else machine_mirrors():
        apt = _private_apt(folder, address, keyring)
        try:
            run([*apt, "update"], what="reading Debian's package index")
            run([*apt, "download", *PACKAGES], what="downloading PostgreSQL", cwd=folder / "debs")
            return sorted((folder / "debs").glob("*.deb"))
        except StackError as error:
            failure = error
    raise StackError(
        f"{failure or 'this machine names no Debian mirror in its apt sources'}; check the "
        f"network, set WATERLINE_DEBIAN_URL to a mirror, or {ELSEWHERE}"
    )


def machine_mirrors() -> list[str]:
    """Return the addresses that this machine's apt sources give for Debian's main archive."""
    listing = run(
        ["apt-get", "--no-release-info", "indextargets", "--format", _FIELDS],
        what="reading this machine's apt sources",
    )
    found: dict[str, None] = {}
    for line in listing.splitlines():
        address, suite, component, kind = line.split("|")[:4]
        if component == "main" and kind == "Packages" and suite in _SUITES:
            found[address] = None
    return list(found)


def _private_apt(folder: Path, address: str, keyring: Path) -> list[str]:
    """Write an apt configuration with folders of its own; return the command that uses it."""
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(
        f"deb [signed-by={keyring}] {address} {RELEASE} main\n", encoding="utf-8"
    )
    # The hooks are the system's own housekeeping: they are not for our folders.
    (folder / "apt.conf").write_text(
        f"""#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::preferences "/dev/null";
APT::Sandbox::User "{"root" if os.geteuid() == 0 else ""}";
APT::Update::Error-Mode "any";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
Acquire::http::Timeout "30";
""",
        encoding="utf-8",
    )
    return ["apt-get", "-qq", "-c", str(folder / "apt.conf")]


def _prune(tree: Path) -> None:
    modules = tree / "usr/lib/postgresql" / MAJOR / "lib"
    for surplus in (*(tree / name for name in _SURPLUS), modules / "bitcode"):
        shutil.rmtree(surplus, ignore_errors=True)
    for module in modules.glob("llvmjit*"):  # LLVM stays away, and with it just-in-time code
        module.unlink()


def _relocate(built: Path, tree: Path) -> None:
    """Make the programs in `built` run from `tree`, with the loader and libraries of `tree`."""
    libraries = next(built.glob("usr/lib/*/libc.so.6")).parent
    loader = next(path for path in libraries.iterdir() if path.name.startswith("ld-linux"))
    place = tree / libraries.relative_to(built)
    patch = [_patchelf(), "--force-rpath", "--set-rpath", str(place)]
    patch += ["--set-interpreter", str(place / loader.name)]
    binaries = [path for path in programs(built).iterdir() if path.read_bytes()[:4] == b"\x7fELF"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: run([*patch, str(path)], what="patchelf"), binaries))
    server = programs(built) / "postgres"
    content = server.read_bytes()
    if content.count(_SYSTEM_ZONES) != 1:
        raise StackError("this build of PostgreSQL names its time zones in an unknown way")
    server.write_bytes(content.replace(_SYSTEM_ZONES, _OWN_ZONES))


def _patchelf() -> str:
    own = Path(sysconfig.get_path("scripts")) / "patchelf"
    found = str(own) if own.is_file() else shutil.which("patchelf")
    if found is None:
        raise StackError("the program patchelf is missing: run `make setup` again")
    return found
