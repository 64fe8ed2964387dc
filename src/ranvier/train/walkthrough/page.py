"""The walkthrough as one HTML file: no script, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...plots.document import COLOURS, document
from ...plots.markup import Markup, element, join
from ...plots.pixels import png, signed
from ...plots.svg import FONTS, svg_of
from ...typing import Array
from .expressions import NUMBERS, SYMBOLS
from .loops import Frames
from .number_text import histogram, number, shape_text, statistics
from .pictures import pictures, projection
from .story import Line, Quantity, Stage, Story
from .terminal import TITLES, agreement

_ROWS, _COLUMNS = 12, 12  # of a tensor that is shown whole
_BARS = 24
_NAMED = 16  # columns of a large tensor whose names are listed


def page(story: Story) -> str:
    """The page, a document of HTML."""
    recording = story.recording
    title = f"One training step of {recording.model.name}"
    rows = recording.rows.count
    about = f"{rows} row{'s' * (rows > 1)} · {recording.model.optimizer} · {agreement(story)}"
    return document(
        title,
        STYLE,
        element(
            "header",
            element("h1", title),
            element("p", about, class_="muted"),
            element("nav", *_contents(story), aria_label="Contents"),
        ),
        element("main", *_sections(story)),
    )


def _contents(story: Story) -> Iterator[Markup]:
    """Links to the stages, a line for each section."""
    for section in TITLES:
        links = [
            element("a", _short(stage), href=f"#stage-{i}")
            for i, stage in enumerate(story.stages)
            if stage.section == section
        ]
        if links:
            yield element("div", element("b", section), *links)


def _short(stage: Stage) -> str:
    """What a link to a stage says."""
    if stage.who == "loss":
        return "loss"
    head, _, rest = stage.title.partition(":")[0].partition(" (")
    return head + rest.partition(")")[2]


def _sections(story: Story) -> Iterator[Markup]:
    before = ""
    for i, stage in enumerate(story.stages):
        if stage.section != before:
            before = stage.section
            head, _, rest = TITLES[before].partition(": ")
            yield element("h2", head.capitalize(), element("small", rest))
        yield _stage(i, stage, len(story.stages), story.recording.rows.count)


def _stage(i: int, stage: Stage, count: int, rows: int) -> Markup:
    steps = [
        element("a", text, href=f"#stage-{to}") if 0 <= to < count else element("span", text)
        for text, to in (("← before", i - 1), ("next →", i + 1))
    ]
    head, _, shape = stage.title.partition(": ")
    body: list[Markup] = []
    if stage.formulas:
        body.append(
            element("div", *[element("p", f.text) for f in stage.formulas], class_="formula")
        )
    if stage.ops:
        body.append(element("p", "No formula is known; its operations: ", ", ".join(stage.ops)))
    body += [element("p", note, class_="note") for note in stage.notes]
    body += [_line(line) for line in stage.lines]
    tensors = [_quantity(q, rows, f"stage-{i}") for q in stage.quantities] + [
        _frames(f) for f in stage.frames
    ]
    if tensors:
        body.append(element("div", *tensors, class_="tensors"))
    return element(
        "section",
        element("div", element("span", f"{i + 1} of {count}"), *steps, class_="steps"),
        element("h3", head, element("small", shape)),
        *body,
        id=f"stage-{i}",
        class_=f"s-{stage.section} depth-{min(stage.depth, 3)}",
    )


def _line(line: Line) -> Markup:
    parts = line.parts(SYMBOLS, NUMBERS)
    values = [element("b", p) if p is parts[-1] else element("span", p) for p in parts]
    between = [join(element("i", " = "), value) for value in values]
    return element("p", element("span", line.name), *between, class_="line")


def _quantity(quantity: Quantity, rows: int, stage: str) -> Markup:
    array = quantity.array
    head = element("figcaption", element("b", quantity.symbol), " ", quantity.title)
    axes = quantity.axes
    drawing = projection(array, quantity.used) if quantity.used else None
    in_two = join()
    if drawing is not None:
        in_two = join(_small(drawing.description), svg_of(drawing, f"{stage}-projection"))
    if array.ndim <= 2 and array.size and _fits(array):
        meaning = ""
        if array.ndim == 2 and len(axes) == 2:
            meaning = f"row: {axes[0]} · column: {axes[1]}"
        return element("figure", head, _table(array, names=quantity.names), _small(meaning), in_two)
    about = [_small(f"{shape_text(array.shape)}{_axes(axes, array)}"), _small(statistics(array))]
    for which, names in zip(("rows", "columns")[-array.ndim :], quantity.names, strict=False):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            about.append(_small(f"{which}: {', '.join(names[:_NAMED])}{more}"))
    pieces: list[Markup] = []
    if array.size and array.dtype.kind != "b":
        pieces.append(_histogram(array))
    shown = pictures(array, quantity.symbol, rows)
    largest = max((float(np.abs(m).max()) for _, m in shown), default=0.0)
    if shown:
        images = [
            _image(m, f"{quantity.symbol} {title}", largest, 96 if len(shown) > 1 else 160)
            for title, m in shown
        ]
        pieces.append(element("div", *images, class_="pictures"))
    return element("figure", head, *about, *pieces, in_two)


def _image(matrix: Array, title: str, largest: float, width: int) -> Markup:
    """A picture whose pixels are squares of whole screen pixels, about `width` wide."""
    size = max(1, round(width / matrix.shape[1]))
    return element(
        "img", src=png(signed(matrix, largest)), alt=title, title=title,
        width=size * matrix.shape[1], height=size * matrix.shape[0],
    )  # fmt: skip


def _axes(axes: tuple[str, ...], array: Array) -> str:
    return f" ({' x '.join(axes)})" if len(axes) == array.ndim else ""


def _frames(frames: Frames) -> Markup:
    """A tensor of a loop: of the first row of the batch, one line for each step."""
    first = frames.array[:, 0] if frames.array.ndim > 1 else frames.array
    flat = np.asarray(first).reshape(len(frames.array), -1)
    head = element("figcaption", element("b", f"{frames.symbol}[t]"), " of row 0, over time")
    if flat.size and _fits(flat):
        return element("figure", head, _table(flat, "t = "))
    image = ""
    if max(flat.shape) <= 256 and flat.size:
        image = _image(flat, f"{frames.symbol} over time", float(np.abs(flat).max()), 240)
    return element("figure", head, _small(statistics(frames.array)), image)


def _fits(array: Array) -> bool:
    rows = array.shape[0] if array.ndim == 2 else 1
    return rows <= _ROWS and (array.shape[-1] if array.ndim else 1) <= _COLUMNS


def _table(array: Array, label: str = "", names: Sequence[Sequence[str]] = ()) -> Markup:
    """A small tensor whole, the larger a number the darker its cell.

    `names` are those of its rows and of its columns, instead of their numbers.
    """
    down, across = ((), *names)[-2:] if names else ((), ())
    rows = array.reshape(1, -1) if array.ndim < 2 else array
    finite = np.abs(np.nan_to_num(rows.astype(np.float64)))
    top = float(finite.max()) or 1.0
    body = []
    for i, row in enumerate(rows):
        cells = [
            element("td", number(v, 5), style=_shade(float(v), top) if rows.size > 1 else None)
            for v in row
        ]
        if rows.shape[0] > 1:
            cells.insert(0, element("th", down[i] if down else f"{label}{i}", class_="name"))
        body.append(element("tr", *cells))
    if rows.shape[1] > 1:
        corner = [element("th", "")] if rows.shape[0] > 1 else []
        numbers = [element("th", across[j] if across else j) for j in range(rows.shape[1])]
        body.insert(0, element("tr", *corner, *numbers))
    return element("div", element("table", *body), class_="scroll", tabindex="0")


def _shade(value: float, top: float) -> str | None:
    share = round(45 * abs(value) / top) if np.isfinite(value) else 0
    role = "s1" if value >= 0 else "s2"
    return f"background:color-mix(in srgb,var(--{role}) {share}%,transparent)" if share else None


def _histogram(array: Array) -> Markup:
    counts = histogram(array, _BARS)
    top = max(counts) or 1
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    bars = [
        element(
            "rect", x=i * 10, y=round(60 * (1 - n / top), 1), width=9,
            height=round(60 * n / top, 1), fill="var(--s1)",
        )
        for i, n in enumerate(counts)
        if n
    ]  # fmt: skip
    ends = f"from {number(finite.min(), 4)} to {number(finite.max(), 4)}" if finite.size else ""
    label = f"histogram, {ends}"
    picture = element(
        "svg", *bars, viewBox=f"0 0 {10 * _BARS} 60", role="img", aria_label=label, class_="bars"
    )
    return join(picture, _small(ends))


def _small(text: str) -> Markup:
    return element("small", text) if text else Markup("")


STYLE = COLOURS
STYLE += """
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:8px}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.5;font-size:16px;
font-family:FONTS;-webkit-text-size-adjust:100%}
main,header{max-width:1120px;margin:0 auto;padding:0 16px}
header{padding-top:28px}main{padding-bottom:40px}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:32px 0 4px}
h2 small,h3 small{font-weight:400;color:var(--muted);margin-left:10px;font-size:.9rem}
h3{font-size:1.05rem;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:4px 0 10px;overflow-wrap:anywhere}
small,.muted{color:var(--muted);font-size:.875rem}small{display:block}
h2 small,h3 small{display:inline}
a{color:var(--s1)}
a:focus-visible,.scroll:focus-visible{outline:2px solid var(--s1)}
nav div{display:flex;flex-wrap:wrap;gap:6px;margin:6px 0;align-items:baseline}
nav b{min-width:84px;font-weight:600;font-size:.875rem;color:var(--muted)}
nav a{font-size:.875rem;text-decoration:none;padding:2px 10px;border-radius:99px;
background:var(--panel);border:1px solid var(--grid);overflow-wrap:anywhere}
section{background:var(--panel);border:1px solid var(--grid);border-left:4px solid var(--s5);
border-radius:10px;padding:16px 20px;margin:12px 0}
.s-forward{border-left-color:var(--s1)}.s-loss{border-left-color:var(--s4)}
.s-backward{border-left-color:var(--s2)}.s-update{border-left-color:var(--s3)}
section:target{border-color:var(--s1);box-shadow:0 0 0 1px var(--s1)}
.depth-2{margin-left:20px}.depth-3{margin-left:40px}
.steps{float:right;display:flex;gap:12px;font-size:.8rem;color:var(--muted);margin-left:12px}
.steps a{text-decoration:none}
.formula{background:var(--code);border-radius:8px;padding:8px 14px;margin:0 0 10px;
font-family:'STIX Two Text','Cambria Math',Georgia,'DejaVu Serif',serif;font-size:1.05rem}
.formula p{margin:2px 0}
.line{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;
font-size:.875rem;margin:6px 0;padding-left:2ch;text-indent:-2ch}
.line i{font-style:normal;color:var(--muted)}.line b{color:var(--s1)}
.note{border-left:3px solid var(--s2);padding-left:10px;color:var(--muted);font-size:.9rem}
.tensors{display:flex;flex-wrap:wrap;gap:14px 28px;margin-top:12px;align-items:flex-start}
figure{margin:0;min-width:0;max-width:100%}
figcaption{font-size:.875rem;margin-bottom:3px;color:var(--muted)}
figcaption b{color:var(--ink)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums}
td,th{padding:2px 7px;text-align:right;border:1px solid var(--grid);white-space:nowrap}
th{color:var(--muted);font-weight:400;border-color:transparent;max-width:14ch;overflow:hidden;
text-overflow:ellipsis}
figure>svg:not(.bars){width:400px;max-width:100%;height:auto;display:block}
.bars{width:240px;max-width:100%;height:60px;display:block;border-bottom:1px solid var(--muted)}
.pictures{display:flex;flex-wrap:wrap;gap:6px;margin-top:6px;max-width:520px}
img{image-rendering:pixelated;max-width:100%;outline:1px solid var(--grid)}
@media (max-width:560px){section{padding:12px}h1{font-size:1.4rem}.depth-2{margin-left:6px}
.depth-3{margin-left:12px}main,header{padding-left:8px;padding-right:8px}
nav b{width:100%}.steps{float:none;margin:0 0 6px}.line{font-size:.8rem}}
@media print{:root{color-scheme:light}.steps,nav{display:none}section{break-inside:avoid}}
""".replace("FONTS", FONTS)
