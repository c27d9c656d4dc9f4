/** Colours are those of the pages: one for each kind of flow, in light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --ink: #1b232b; --quiet: #5b6670; --rule: #e1e5ea; --zero: #8a949e;
  --pv: #c97f00; --battery: #00855f; --grid: #0072b2; --generator: #b0518a; --load: #39434d; --flexible: #6b4fb3; }
@media (prefers-color-scheme: dark) { :root { --page: #14191f; --ink: #e6ebf0; --quiet: #9aa6b2; --rule: #2a323b; --zero: #6d7883;
  --pv: #f0ad2e; --battery: #2fc795; --grid: #58b2e8; --generator: #e08fc1; --load: #c3ccd5; --flexible: #b3a0ee; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1240px; margin: 0 auto; padding: 1.25rem; }
h1 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere; }
p { color: var(--quiet); margin: 0.25rem 0 1rem; }
figure { margin: 0 0 1.25rem; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 640px; height: auto; font-size: 12px; }
text { fill: var(--quiet); } .title { fill: var(--ink); font-size: 14px; font-weight: 600; } .key { fill: var(--ink); }
.grid-line { stroke: var(--rule); fill: none; } .zero { stroke: var(--zero); fill: none; }
.pv { --flow: var(--pv); } .battery { --flow: var(--battery); } .grid { --flow: var(--grid); }
.generator { --flow: var(--generator); } .load { --flow: var(--load); } .flexible { --flow: var(--flexible); }
.layer { fill: var(--flow); shape-rendering: crispEdges; } path.layer { fill-opacity: 0.85; }
.line { stroke: var(--flow); stroke-width: 2; fill: none; stroke-linejoin: round; } .dashed { stroke-dasharray: 6 4; }
table { border-collapse: collapse; margin: 0 0 1.25rem; } caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
th, td { padding: 0.15rem 1.1rem 0.15rem 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { color: var(--quiet); font-weight: 500; }
details { overflow-x: auto; } summary { cursor: pointer; padding: 0.25rem 0; }
`;
