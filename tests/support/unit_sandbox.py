"""Runs a command as systemd would run it by a unit file, where systemd is not the one who starts programs.

    unit_sandbox.py UNIT --user UID --root EMPTY_FOLDER --folders DIR [--directory DIR] -- COMMAND [ARGUMENT...]

Every line of the unit's [Service] section is either kept here, by the kernel's own means (a mount namespace, capabilities, limits, seccomp), or
stands in ELSEWHERE with what it is for; a line that is in neither ends it, so that the unit cannot ask for what no test has run under. The
unit's folders (StateDirectory= and the like) are those below DIR instead of /. COMMAND keeps the process ID. Needs Linux 5.12, and
CAP_SYS_ADMIN, SYS_CHROOT, SETPCAP, SETUID, SETGID and SYS_RESOURCE, as root has them.
"""

import argparse
import ctypes
import errno
import os
import re
import resource
import subprocess
import sys

# What is about starting, stopping and watching, and needs systemd itself.
ELSEWHERE = {
    "Type", "NotifyAccess", "WatchdogSec", "ExecStart", "ExecStartPre", "ExecReload", "Restart", "RestartSec", "RestartSteps",
    "RestartMaxDelaySec", "TimeoutStartSec", "TimeoutStopSec", "KillMode", "User", "Group", "RemoveIPC", "OOMScoreAdjust",
    "OOMPolicy", "MemoryHigh", "MemoryMax", "TasksMax", "Nice", "IOSchedulingClass", "SyslogIdentifier", "StandardOutput", "StandardError",
}
FOLDERS = {"StateDirectory": "var/lib", "CacheDirectory": "var/cache", "ConfigurationDirectory": "etc", "LogsDirectory": "var/log",
           "RuntimeDirectory": "run"}
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10}

libc = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC = 1, 2, 4, 8, 4096, 16384
CLONE_NEWNS, CLONE_NEWUTS = 0x20000, 0x4000000


def must(result, what):
    if result < 0:
        sys.exit(f"unit_sandbox: {what}: {os.strerror(ctypes.get_errno())}")
    return result


def mount(source, target, kind=None, flags=0, data=None):
    encoded = [s.encode() if s is not None else None for s in (source, target, kind, data)]
    must(libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]), f"mount {source} on {target}")


def prctl(option, *values):
    return libc.prctl(option, *[ctypes.c_ulong(v) for v in (*values, 0, 0, 0, 0)[:4]])


class Unit:
    """The [Service] section; asked for a key, it marks it as kept."""

    def __init__(self, path):
        self.lines = []
        self.kept = set()
        section = None
        with open(path, encoding="utf-8") as file:
            for line in file.read().replace("\\\n", " ").split("\n"):
                line = line.strip()
                if line.startswith("["):
                    section = line
                elif section == "[Service]" and line and line[0] not in "#;":
                    key, value = line.split("=", 1)
                    self.lines.append((key.strip(), value.strip()))

    def all(self, key):
        self.kept.add(key)
        return [v for k, v in self.lines if k == key]

    def words(self, key):
        return [w for v in self.all(key) for w in v.split()]

    def one(self, key, allowed):
        """The last value, which must be one of those that are known here; None without the line."""
        values = self.all(key)
        if values and values[-1] not in allowed:
            sys.exit(f"unit_sandbox: {key}={values[-1]} is not known here")
        return values[-1] if values else None

    def yes(self, key):
        return self.one(key, ("yes", "no", "true", "false")) in ("yes", "true")

    def all_known(self):
        unknown = {k for k, _ in self.lines} - self.kept - ELSEWHERE
        if unknown:
            sys.exit(f"unit_sandbox: the unit asks for {', '.join(sorted(unknown))}, which this does not know")


def set_attributes(path, set_, propagation=0):
    """mount_setattr(2) for the mount and all below it."""
    attributes = (ctypes.c_uint64 * 4)(set_, 0, propagation, 0)
    must(libc.syscall(442, -100, path.encode(), 0x8000, attributes, ctypes.c_size_t(32)), f"change the mounts below {path}")


def build_root(unit, root, folders, uid):
    """The file system as the unit has it, at `root`; gives the environment that goes with it."""
    must(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS), "a mount namespace")
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        if any("shared:" in line.split(" - ")[0] for line in file):
            set_attributes("/", 0, 1 << 18)  # MS_PRIVATE: nothing of this is seen outside
    mount("/", root, None, MS_BIND | MS_REC)
    if unit.one("ProtectSystem", ("strict",)):
        set_attributes(root, 1)  # MOUNT_ATTR_RDONLY
    environment = {}
    for key, base in FOLDERS.items():
        mode = int((unit.all(f"{key}Mode") or ["0755"])[-1], 8)
        paths = []
        for name in unit.words(key):
            path = f"{folders}/{base}/{name}"
            if not os.path.isdir(path):
                os.makedirs(path)
            paths.append(path)
            if key == "ConfigurationDirectory":
                continue  # left as it is, and read-only
            if os.stat(path).st_uid != uid:
                os.chown(path, uid, uid)
            os.chmod(path, mode)
            mount(path, root + path, None, MS_BIND)
        if paths:
            environment[re.sub("(?<!^)(?=[A-Z])", "_", key).upper()] = ":".join(paths)
    for path in unit.words("ReadWritePaths"):
        if os.path.exists(path.lstrip("-")):
            mount(path.lstrip("-"), root + path.lstrip("-"), None, MS_BIND)
    if unit.yes("PrivateTmp"):
        for path in ("/tmp", "/var/tmp"):
            mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    if unit.one("ProtectHome", ("yes", "true")):
        for path in ("/home", "/root", "/run/user"):
            if os.path.isdir(root + path):
                mount("tmpfs", root + path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0")
    if unit.yes("PrivateDevices"):
        private_devices(root + "/dev")
    visible = unit.one("ProtectProc", ("invisible",))
    subset = unit.one("ProcSubset", ("pid",))
    options = ([f"hidepid={visible}"] if visible else []) + ([f"subset={subset}"] if subset else [])
    mount("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ",".join(options))
    for key, path in (("ProtectKernelTunables", "/sys"), ("ProtectControlGroups", "/sys/fs/cgroup")):
        if unit.yes(key) and os.path.isdir(root + path):
            mount(root + path, root + path, None, MS_BIND | MS_REC)
            set_attributes(root + path, 1)
    return environment


def private_devices(dev):
    """A /dev with nothing in it that is a device of the machine."""
    made = {}
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        if os.path.exists(f"/dev/{name}"):
            made[name] = f"{dev}/{name}"
    mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=0755")
    for name, path in made.items():
        open(path, "w", encoding="utf-8").close()
        mount(f"/dev/{name}", path, None, MS_BIND)
    os.mkdir(f"{dev}/shm", 0o1777)
    mount("tmpfs", f"{dev}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{dev}/{name}")


def drop(unit, uid):
    """The other user, with the capabilities that the unit names and no way to more."""
    for key, kind in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitCORE", resource.RLIMIT_CORE)):
        most = resource.getrlimit(kind)[1]
        for value in unit.all(key):
            # Containers are not always allowed to raise what they were given.
            limit = int(value) if most == resource.RLIM_INFINITY else min(int(value), most)
            resource.setrlimit(kind, (limit, limit))
    bounding = {CAPABILITIES[c] for c in unit.words("CapabilityBoundingSet")}
    ambient = {CAPABILITIES[c] for c in unit.words("AmbientCapabilities")}
    for capability in range(64):
        if capability not in bounding and prctl(23, capability) == 1:  # PR_CAPBSET_READ
            must(prctl(24, capability), "drop from the bounding set")  # PR_CAPBSET_DROP
    must(prctl(47, 4), "clear the ambient set")  # PR_CAP_AMBIENT, ..._CLEAR_ALL
    must(prctl(28, 0), "no secure bits")  # PR_SET_SECUREBITS: those of who called this are not the unit's
    must(prctl(8, 1), "keep capabilities")  # PR_SET_KEEPCAPS, up to the end of this program
    if os.getuid() == 0:
        os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    bits = sum(1 << c for c in ambient)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    must(libc.capset(header, (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)), "capset")
    for capability in ambient:
        must(prctl(47, 2, capability), "raise an ambient capability")
    if unit.yes("NoNewPrivileges"):
        must(prctl(38, 1), "no new privileges")
    os.umask(int((unit.all("UMask") or ["0022"])[-1], 8))


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


NE, EQ, GT, MASKED_EQ = 1, 4, 6, 7
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class Filters:
    """seccomp, by the library that systemd takes."""

    def __init__(self):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p

    def load(self, default, rules):
        """rules: (action, name of a call, comparisons of its arguments)"""
        context = ctypes.c_void_p(self.lib.seccomp_init(ctypes.c_uint32(default)))
        for action, name, compared in rules:
            number = self.lib.seccomp_syscall_resolve_name(name.encode())
            if number < 0:  # a call of other machines
                continue
            array = (Compare * max(1, len(compared)))(*compared)
            code = self.lib.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(compared), array)
            if code != 0:
                sys.exit(f"unit_sandbox: no rule for {name}: {os.strerror(-code)}")
        code = self.lib.seccomp_load(context)
        if code != 0:
            sys.exit(f"unit_sandbox: cannot load a filter: {os.strerror(-code)}")
        self.lib.seccomp_release(context)


def groups_of_calls():
    """systemd's groups of system calls, as systemd prints them: name to what is in it, groups among it."""
    printed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, check=True, text=True).stdout
    groups = {}
    for line in printed.split("\n"):
        word = line.strip()
        if line.startswith("@"):
            groups[word] = members = []
        elif line.startswith(" ") and word and not word.startswith("#"):
            members.append(word)
    return groups


def allowed_calls(values):
    groups = groups_of_calls()

    def calls_of(name):
        return set().union(*map(calls_of, groups[name])) if name.startswith("@") else {name}

    allowed = calls_of("@default") | {"execve"}
    for value in values:
        for name in value.lstrip("~").split():
            allowed = allowed - calls_of(name) if value.startswith("~") else allowed | calls_of(name)
    return allowed


def restrictions(unit):
    """The rules of the lines that refuse calls with an answer, instead of killing."""
    eperm = ERRNO | errno.EPERM
    rules = []
    families = {FAMILIES[f] for f in unit.words("RestrictAddressFamilies")}
    if families:
        action = ERRNO | errno.EAFNOSUPPORT
        rules += [(action, "socket", [Compare(0, EQ, f, 0)]) for f in range(0, 64) if f not in families]
        rules.append((action, "socket", [Compare(0, GT, 63, 0)]))
    if unit.yes("RestrictNamespaces"):
        for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            rules += [(eperm, call, [Compare(0, MASKED_EQ, flag, flag)]) for call in ("clone", "unshare")]
        rules += [(ERRNO | errno.ENOSYS, "clone3", []), (eperm, "setns", [])]
    if unit.yes("RestrictRealtime"):
        rules.append((eperm, "sched_setscheduler", [Compare(1, GT, 5, 0)]))
        rules += [(eperm, "sched_setscheduler", [Compare(1, EQ, p, 0)]) for p in (1, 2)]
    if unit.yes("RestrictSUIDSGID"):
        for call, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1), ("mknodat", 2)):
            rules += [(eperm, call, [Compare(argument, MASKED_EQ, bit, bit)]) for bit in (0o4000, 0o2000)]
    if unit.yes("LockPersonality"):
        rules.append((eperm, "personality", [Compare(0, NE, 0xFFFFFFFF, 0)]))
    for key, calls in (("ProtectHostname", "sethostname setdomainname"), ("ProtectKernelLogs", "syslog"),
                       ("ProtectClock", "adjtimex clock_adjtime clock_settime settimeofday"),
                       ("ProtectKernelModules", "init_module finit_module delete_module")):
        if unit.yes(key):
            rules += [(eperm, call, []) for call in calls.split()]
    return rules


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("unit")
    for option in ("user", "root", "folders"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--directory", default="/")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    unit = Unit(options.unit)
    uid = int(options.user)

    native = unit.one("SystemCallArchitectures", ("native",))  # seccomp's own default
    calls = allowed_calls(unit.all("SystemCallFilter"))
    answer = unit.all("SystemCallErrorNumber")
    otherwise = ERRNO | getattr(errno, answer[-1]) if answer else KILL
    refused = restrictions(unit)
    environment = build_root(unit, options.root, options.folders, uid)
    for line in unit.all("Environment"):
        environment.update(pair.split("=", 1) for pair in line.split())
    os.chroot(options.root)
    os.chdir(options.directory)
    drop(unit, uid)
    unit.all_known()
    assert native
    filters = Filters()
    filters.load(ALLOW, refused)
    filters.load(otherwise, [(ALLOW, name, []) for name in sorted(calls)])
    os.execve(options.command[0], options.command, {**os.environ, **environment})


if __name__ == "__main__":
    main()
