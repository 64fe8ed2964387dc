"""A run as a page of tables."""

from __future__ import annotations

import platform
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


def ratios(results: dict) -> dict:
    """The best peer, and how many times faster Ranvier is: best against best, median likewise."""
    worked = {name: r for name, r in results.items() if "failed" not in r}
    peers = {name: r for name, r in worked.items() if name != OURS}
    if not peers:
        return {}
    best_peer = min(peers, key=lambda name: peers[name]["best"])
    made = {"best_peer": best_peer}
    if OURS in worked:
        for key in ("best", "median"):
            made[f"ratio_{key}"] = min(p[key] for p in peers.values()) / worked[OURS][key]
    return made


def duration(seconds: float, unit: str) -> str:
    return f"{seconds * 1e6:,.1f} us" if unit == "s per step" else f"{seconds:.2f} s"


def row(name: str, result: dict, results: dict, best_peer: str | None, unit: str) -> str:
    if "failed" in result:
        return f"| {name} | | failed: {result['failed'][:80]} | | | | | | |"
    optional = [
        f"{result[key]:{form}}" if key in result else ""
        for key, form in (("loss", ".4f"), ("prepare_seconds", ".1f"), ("peak_memory_mb", ".0f"))
    ]
    times = [duration(result[key], unit) for key in ("best", "median")]
    slower = [
        f"{result['best'] / results[other]['best']:.2f}" if "best" in results.get(other, {}) else ""
        for other in (best_peer, OURS)
    ]
    return "| " + " | ".join([name, str(result["threads"]), *times, *slower, *optional]) + " |"


def section(name: str, workload: dict) -> list[str]:
    results, unit = workload["results"], workload["unit"]
    lines = [f"## {name}", "", f"{workload['title']}.", ""]
    compared = ratios(results)
    if "ratio_best" in compared:
        lines += [
            f"**Ranvier takes {1 / compared['ratio_best']:.2f} of the time of the best peer, "
            f"{compared['best_peer']}: {compared['ratio_best']:.1f}x** "
            f"(median against median {compared['ratio_median']:.1f}x).",
            "",
        ]
    floor = "; ".join(
        f"{threads} thread{'s' if threads != '1' else ''} {limits['gflops']:.0f} GFLOP/s and "
        f"{limits['gb_per_second']:.1f} GB/s"
        for threads, limits in workload["floor"].items()
    )
    best_peer = compared.get("best_peer")
    heads = ["library", "threads", f"best {unit[2:]}", "median"]
    heads += ["times the best peer's", "times Ranvier's"]
    heads += ["loss of first fit", "first fit (s)", "peak MB"]
    lines += ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += [row(variant, result, results, best_peer, unit) for variant, result in results.items()]
    return [*lines, "", f"Machine's floor: {floor}.", ""]


def markdown(run: dict) -> str:
    about = run["machine"]
    versions: dict[str, str] = {}
    for workload in run["workloads"].values():
        for result in workload["results"].values():
            versions |= result.get("versions", {})
    versions = {"Python": about["python"], "NumPy": about["numpy"]} | versions
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"# Benchmarks, {run['date']}",
        "",
        f"{about['processor']}, {about['cores']} cores, {' '.join(about['vectors'])}, "
        f"{about['system']}; {named}.",
        "",
        f"Best and median of {run['repeats']} measurements, all libraries in turn. "
        f"Data: {'RANVIER_DATA' if run['real_data'] else 'made up, of the same shape'}.",
        "",
    ]
    for name, workload in run["workloads"].items():
        lines += section(name, workload)
    return "\n".join(lines)
