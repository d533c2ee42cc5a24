import { Html } from './html.js';

/** Of the page and of the pictures in it. Outcomes have a colour and always a word beside it. */
export const STYLE: Html = new Html(`
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5d6b7a; --line: #d5dce3; --page: #fbfcfd; --card: #fff;
  --ok: #2f855a; --changed: #2b6cb0; --failed: #c53030; --refused: #8a3ffc; --unreachable: #b7791f; --unknown: #c05621; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ee; --soft: #97a5b4; --line: #36424f; --page: #14191f; --card: #1b222a;
    --ok: #68d391; --changed: #63b3ed; --failed: #fc8181; --refused: #be95ff; --unreachable: #f6ad55; --unknown: #f6995c; }
}
body { margin: 0 auto; max-width: 75rem; padding: 1.5rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
code, .mono { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .card { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; margin: .6rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .8rem 0; } dt { color: var(--soft); } dd { margin: 0; }
.badge { border-radius: 3px; padding: .05rem .45rem; border: 1px solid currentColor; font-size: 13px; white-space: nowrap; }
.ok { color: var(--ok); } .changed { color: var(--changed); } .failed { color: var(--failed); } .refused { color: var(--refused); }
.unreachable { color: var(--unreachable); } .unknown { color: var(--unknown); } .none { color: var(--soft); }
svg { display: block; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .box { fill: var(--card); stroke: var(--line); } svg .bar { fill: currentColor; opacity: .22; } svg .step { fill: currentColor; }
svg .link { fill: none; stroke: currentColor; stroke-width: 2; } svg .gone { stroke-dasharray: 4 4; }
ol.changes { margin: .3rem 0; padding-left: 1.6rem; }
@media print { body { max-width: none; } }
`);
