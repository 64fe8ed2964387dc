"""How the page looks: light and dark, wide and narrow, on paper."""

from __future__ import annotations

from ..plots.document import COLOURS, variables
from ..plots.drawing import LIGHT
from ..plots.svg import FONTS

STYLE = COLOURS
STYLE += """
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.5;font-size:16px;
font-family:FONTS;-webkit-text-size-adjust:100%}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 16px}
header{padding-top:28px}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 4px;line-height:1.3}
h3{font-size:1rem;margin:16px 0 6px}
p{margin:4px 0 12px;max-width:76ch;overflow-wrap:anywhere}
a{color:var(--s1)}
.muted,footer{color:var(--muted);font-size:.9rem}
footer{padding-bottom:32px}
nav{margin:12px 0 4px;display:flex;flex-wrap:wrap;gap:6px}
nav a{font-size:.875rem;text-decoration:none;padding:3px 10px;border-radius:99px;
background:var(--panel);border:1px solid var(--grid)}
section{background:var(--panel);border:1px solid var(--grid);border-radius:10px;padding:20px;
margin:16px 0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;
margin:12px 0 16px}
.card{border:1px solid var(--grid);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:1.6rem;line-height:1.25;font-weight:650;overflow-wrap:anywhere}
.card span{color:var(--muted);font-size:.875rem;display:block;overflow-wrap:anywhere}
.verdict{font-size:1.05rem;border-left:4px solid var(--s1);padding:2px 0 2px 12px}
.warning{border-left:4px solid var(--s2);padding:2px 0 2px 12px}
ul{margin:4px 0 12px;padding-left:22px;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));
gap:8px 28px;align-items:start}
figure{margin:8px 0;min-width:0;max-width:500px}
figcaption{font-weight:600;margin-bottom:2px;overflow-wrap:anywhere}
figcaption small{display:block;font-weight:400;color:var(--muted)}
svg{display:block;width:100%;height:auto;font-family:inherit}
svg.spark{width:96px;height:26px}
details{margin-top:4px}
summary{cursor:pointer;color:var(--muted);font-size:.875rem}
.scroll{overflow-x:auto;margin:8px 0}
.scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--s1)}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--grid);
vertical-align:top}
th{vertical-align:bottom;font-weight:600;color:var(--muted);white-space:nowrap}
td.n,th.n{text-align:right}td.n{white-space:nowrap}th.n{white-space:normal;min-width:5.5em}
td .muted{font-weight:400;font-size:.85em}td.s{white-space:nowrap}
td.t{min-width:16ch;max-width:44ch;overflow-wrap:anywhere}
tr.main td{font-weight:650}
tr.off td{color:var(--muted)}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:12px}
.picture{border:1px solid var(--grid);border-radius:8px;padding:8px;font-size:.85rem;
break-inside:avoid;overflow-wrap:anywhere}.picture span{color:var(--muted);display:block}
.picture b{display:block}.picture img{width:100%;height:auto;image-rendering:pixelated;
border-radius:4px;display:block;margin-bottom:4px}
pre{background:var(--code);border-radius:8px;padding:12px 14px;overflow-x:auto;font-size:.875rem;
line-height:1.45}
code{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
@media (max-width:560px){section{padding:14px 12px;border-radius:8px}h1{font-size:1.4rem}
.cards{grid-template-columns:1fr 1fr;gap:8px}.card{padding:10px}.card b{font-size:1.3rem}
main,header,footer{padding-left:8px;padding-right:8px}
table{font-size:.82rem}th,td{padding-right:9px}td.t{min-width:30ch}}
@page{size:A4;margin:14mm}
@media print{:root{color-scheme:light;PRINT--page:#fff}
body{font-size:10.5pt}nav,details{display:none}
main,header,footer{max-width:none;padding-left:0;padding-right:0}
section{border:0;padding:0;margin:14pt 0}
figure,.card,tr,pre{break-inside:avoid}
h2,h3,figcaption,section>p{break-after:avoid}
.charts{grid-template-columns:1fr 1fr;gap:6pt 16pt}.charts>:only-child{max-width:9cm}
.cards{grid-template-columns:repeat(4,1fr)}.card b{font-size:15pt}

.scroll{overflow:visible}table{font-size:8.5pt}td.t{min-width:0}th{white-space:normal}
pre{white-space:pre-wrap;border:1px solid var(--grid)}
svg,tr.off td{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
""".replace("FONTS", FONTS).replace("PRINT", variables(LIGHT))
