"""What a server takes: memory, processor time, bytes on disk."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def family_of(process: int) -> list[int]:
    """The process and all that it started: a server with several workers is several processes."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = list[int](), [process]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def cpu_seconds(process: int) -> float:
    """User and system time so far of a process and its children; 0 where there is no /proc."""
    ticks = 0
    for one in family_of(process) if Path("/proc/self/stat").exists() else ():
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def memory(process: int) -> float:
    """Megabytes of a process and its children that are its own (proportional set size)."""
    kilobytes = 0
    for one in family_of(process):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def on_disk(directory: Path) -> int:
    """Bytes of an embedded store, its write-ahead log included."""
    return sum(file.stat().st_size for file in directory.glob("hub.db*"))
