/** The report's look, light and dark. `--m0` to `--m9` are the models' colours: alike in lightness, apart in hue. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1b1d21; --soft: #5c6470; --line: #dcdfe3; --panel: #f3f4f5; --good: #1a7f4b;
  --m0: #2563c4; --m1: #d1570c; --m2: #1d8a5f; --m3: #8a4fc9; --m4: #c22f5f; --m5: #8f6a00; --m6: #08879c; --m7: #6b7280; --m8: #b23db0; --m9: #4b7a1b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --ink: #e6e8eb; --soft: #9aa3af; --line: #343941; --panel: #1f2227; --good: #5fd39a;
    --m0: #7fb0ff; --m1: #ff9a5c; --m2: #5fd39a; --m3: #c3a0ff; --m4: #ff86a8; --m5: #e0bc4f; --m6: #5fd3e6; --m7: #aeb6c2; --m8: #ee94ea; --m9: #a5d36a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 72rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.8rem 0 .4rem; padding-top: 1.1rem; border-top: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 0 0 .2rem; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.lead { font-size: 1.05rem; }
.soft, figcaption, caption { color: var(--soft); }
figure { margin: 0; }
figcaption { font-size: .85rem; max-width: 46rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .88rem; }
th, td { padding: .3rem .5rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
th:first-child, td:first-child, td.words, th.words { text-align: left; }
td.range { color: var(--soft); }
td.best { font-weight: 650; }
td.words.long { white-space: normal; min-width: 16rem; color: var(--soft); }
.yes { color: var(--good); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.4rem; margin: .6rem 0; font-size: .92rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
i.swatch { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem; vertical-align: -.08rem; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .5rem 0; font-size: .85rem; }
.grid-of { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.4rem 1.2rem; margin: .8rem 0; }
svg { max-width: 100%; height: auto; display: block; font-size: 11px; overflow: visible; }
td svg { max-width: none; }
svg text { fill: var(--ink); } svg .tick { fill: var(--soft); } svg .label { fill: var(--soft); font-size: 11.5px; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); } svg .ideal { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .mass { fill: var(--soft); opacity: .28; } svg .seen { stroke: var(--ink); fill: var(--ink); }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--soft); }
code { font: .86em ui-monospace, SFMono-Regular, Menlo, monospace; }
@media print { body { max-width: none; } details { display: block; } h2, figure { break-inside: avoid; } }
`
