"""A run as a page: a summary, then tables and bars for each workload.

python report.py results/A.json [results/B.json ...] > ../docs/benchmarks.md

Of a workload that is in several files the last one counts.
"""

from __future__ import annotations

import json
import platform
import sys
from html import escape
from pathlib import Path

import numpy as np

OURS = "ranvier"


def machine(cores: int) -> dict:
    """What a reader needs to know of the machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    flags = " ".join(line for line in lines if line.startswith("flags")).split()
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": cores,
        "vectors": [name for name in ("avx2", "fma", "avx512f") if name in flags],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def worked(workload: dict) -> dict[str, dict]:
    return {name: r for name, r in workload["results"].items() if "failed" not in r}


def peers(workload: dict) -> dict[str, dict]:
    """The other libraries' results; Ranvier's own further settings are not peers."""
    return {name: r for name, r in worked(workload).items() if not name.startswith(OURS)}


def ratios(workload: dict) -> dict:
    """The best peer, and how many times faster Ranvier is: best against best, median likewise."""
    others, ours = peers(workload), worked(workload).get(OURS)
    if not others:
        return {}
    best_peer = min(others, key=lambda name: others[name]["best"])
    made: dict = {"best_peer": best_peer}
    if ours is not None:
        for key in ("best", "median"):
            made[f"ratio_{key}"] = min(p[key] for p in others.values()) / ours[key]
        made["memory"] = ours["peak_memory_mb"] / others[best_peer]["peak_memory_mb"]
    return made


def floors(workload: dict) -> dict[str, float]:
    """Seconds that arithmetic alone, and moving weights and slots alone, would take."""
    limits = workload["floor"].get(str(workload.get("threads")))
    about = next((r for r in worked(workload).values() if "flop" in r), None)
    if limits is None or about is None or workload["unit"] == "s per process":
        return {}
    return {
        "flop": about["flop"],
        "bytes": about["bytes"],
        "arithmetic": about["flop"] / limits["peak_gflops"] / 1e9,
        "memory": about["bytes"] / limits["gb_per_second"] / 1e9,
    }


def duration(seconds: float, unit: str = "") -> str:
    if unit == "s per process":
        return f"{seconds:.2f} s"
    if seconds >= 1e-2:
        return f"{seconds * 1e3:,.2f} ms"
    return f"{seconds * 1e6:,.1f} us" if seconds >= 1e-6 else f"{seconds * 1e9:,.1f} ns"


def amount(n: float, unit: str) -> str:
    """With the prefix that leaves one to three digits before the point.

    >>> amount(12_345_678, "FLOP")
    '12.3 MFLOP'
    """
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if n >= size:
            return f"{n / size:.1f} {prefix}{unit}"
    return f"{n:.0f} {unit}"


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def row(name: str, workload: dict, best_peer: str | None, floor: dict) -> list[str]:
    result, unit = workload["results"][name], workload["unit"]
    if "failed" in result:
        return [name, "", f"failed: {result['failed'][:80]}", *[""] * 7]
    names = ("result", "prepare_seconds", "peak_memory_mb")
    optional = [
        f"{result[key]:{form}}" if key in result else ""
        for key, form in zip(names, (".4f", ".1f", ".0f"), strict=True)
    ]
    others = [worked(workload).get(other or "", {}).get("best") for other in (best_peer, OURS)]
    shares = [f"{result['best'] / other:.2f}" if other else "" for other in others]
    distance = f"{result['best'] / floor['arithmetic']:.1f}" if floor else ""
    times = [duration(result[key], unit) for key in ("best", "median")]
    return [name, str(result["threads"]), *times, *shares, distance, *optional]


def bars(workload: dict) -> list[str]:
    """The best times as a picture, logarithmic when they differ by more than ten times."""
    results = sorted(worked(workload).items(), key=lambda item: item[1]["best"])
    times = [result["best"] for _, result in results]
    if len(times) < 2:
        return []
    least, most = times[0], times[-1]
    steep = most > 10 * least
    parts = []
    for i, (name, result) in enumerate(results):
        share = result["best"] / most
        if steep:
            share = (np.log(result["best"] / least) + 1) / (np.log(most / least) + 1)
        y, width = 18 * i, max(2.0, 330 * float(share))
        color = "#c2410c" if name.startswith(OURS) else "#94a3b8"
        time = duration(result["best"], workload["unit"])
        parts.append(
            f'<text x="170" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="178" y="{y + 2}" width="{width:.0f}" height="12" fill="{color}"/>'
            f'<text x="{184 + width:.0f}" y="{y + 12}">{time}</text>'
        )
    scale = "logarithmic scale" if steep else "linear scale"
    return [
        f'<svg viewBox="0 0 620 {18 * len(results) + 4}" width="620" role="img" '
        f'aria-label="best times, {scale}" font-family="sans-serif" font-size="11" '
        'fill="currentColor">',
        *parts,
        "</svg>",
        "",
        f"Best times, {scale}.",
        "",
    ]


def section(name: str, workload: dict, pictures: bool) -> list[str]:
    unit, compared, floor = workload["unit"], ratios(workload), floors(workload)
    lines = [f"## {name}", "", f"{workload['title']}. Measured {workload['date']}.", ""]
    if "ratio_best" in compared:
        lines += [
            f"**Ranvier takes {1 / compared['ratio_best']:.2f} of the time of the best peer, "
            f"{compared['best_peer']}: {compared['ratio_best']:.2f}x** "
            f"(median against median {compared['ratio_median']:.2f}x).",
            "",
        ]
    result = "loss of first fit" if workload.get("job", "train") == "train" else "a result"
    heads = ["library", "threads", f"best {unit[2:]}", "median", "times the best peer's"]
    heads += ["times Ranvier's", "times the floor", result, "first (s)", "peak MB"]
    best_peer = compared.get("best_peer")
    lines += table(heads, [row(n, workload, best_peer, floor) for n in workload["results"]])
    lines += ["", *(bars(workload) if pictures else [])]
    if floor:
        lines += [
            f"Floor: {amount(floor['flop'], 'FLOP')} of products take "
            f"{duration(floor['arithmetic'])} at the peak of the threads allowed"
            + (
                f"; {amount(floor['bytes'], 'B')} of weights and slots, read and written, take "
                f"{duration(floor['memory'])} when they come from memory."
                if floor["bytes"]
                else "."
            ),
            "",
        ]
    limits = "; ".join(
        f"{threads} thread{'s' if threads != '1' else ''} {limit['peak_gflops']:.0f} GFLOP/s "
        f"(OpenBLAS {limit['gflops']:.0f}) and {limit['gb_per_second']:.1f} GB/s"
        for threads, limit in workload["floor"].items()
    )
    return [*lines, f"The machine in this run: {limits}.", ""]


def summary(run: dict) -> list[str]:
    rows = []
    for name, workload in run["workloads"].items():
        compared, floor = ratios(workload), floors(workload)
        ours = worked(workload).get(OURS)
        if ours is None:
            continue
        cells = [name, duration(ours["best"], workload["unit"])]
        if compared:
            peer = compared["best_peer"]
            time = duration(worked(workload)[peer]["best"], workload["unit"])
            cells += [f"{peer}: {time}", f"{compared['ratio_best']:.2f}x"]
        else:
            cells += ["", ""]
        cells += [f"{ours['best'] / floor['arithmetic']:.1f}" if floor else ""]
        cells += [f"{compared['memory']:.2f}" if compared else ""]
        rows.append(cells)
    heads = ["workload", "Ranvier", "best peer", "faster by"]
    return table([*heads, "times the floor", "memory of the best peer's"], rows)


def page(run: dict, pictures: bool = True) -> str:
    """The whole run in Markdown."""
    about = run["machine"]
    versions: dict[str, str] = {"Python": about["python"], "NumPy": about["numpy"]}
    for workload in run["workloads"].values():
        for result in workload["results"].values():
            versions |= result.get("versions", {})
    versions.pop("numpy", None)
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Benchmarks",
        "",
        f"{about['processor']}, {about['cores']} cores, {' '.join(about['vectors'])}, "
        f"{about['system']}; {named}; {run['date']}.",
        "",
        f"Best and median of {run['repeats']} measurements, all libraries in turn in one run. "
        f"Data: {'RANVIER_DATA' if run['real_data'] else 'made up, of the same shape'}. How it is "
        "measured, and how to run it: `benchmarks/README.md`.",
        "",
        *summary(run),
        "",
        "`times the floor`: best time over what the products alone would take at the machine's "
        "peak, measured before and after each workload.",
        "",
    ]
    for name, workload in run["workloads"].items():
        lines += section(name, workload, pictures)
    return "\n".join(lines)


def main(paths: list[str]) -> None:
    runs = [json.loads(Path(path).read_text()) for path in paths]
    merged = runs[-1] | {"workloads": {}}
    for run in runs:
        merged["workloads"] |= run["workloads"]
    print(page(merged), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
