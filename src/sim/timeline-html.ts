/**
 * A simulation as one self-contained page: a swim lane for each node and module, drawn as SVG, and the statechart inspector over each
 * node's steps; nothing from outside.
 */
import { secondsOf } from './facts.js';
import type { Lane, Simulation, Span } from './scenario-run.js';
import type { RecordedSteps } from './step-log.js';

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const width = 1_120;
const left = 96;
const right = 28;
const laneHeight = 104;
const lossHeight = 44;
const axisHeight = 26;

/** Seconds between two lines of the axis, so that there are about twelve. */
function axisStep(forMs: number): number {
  const wanted = forMs / 12_000;
  return [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((step) => step >= wanted) ?? 3_600;
}

class Drawing {
  readonly #forMs: number;
  readonly parts: string[] = [];
  constructor(forMs: number) {
    this.#forMs = forMs;
  }
  x(atMs: number): number {
    return left + (atMs / this.#forMs) * (width - left - right);
  }
  bar(span: Span, y: number, height: number, prefix: string): void {
    const from = this.x(span.fromMs);
    const size = Math.max(1, this.x(span.toMs) - from);
    const title = `${span.label}: ${secondsOf(span.fromMs, 0)} s to ${secondsOf(span.toMs, 0)} s`;
    const classes = `${prefix} ${span.kind.replace(/ /g, '-')}`;
    this.parts.push(
      `<rect class="${classes}" x="${from.toFixed(1)}" y="${y}" width="${size.toFixed(1)}" height="${height}"><title>${escaped(title)}</title></rect>`,
    );
    const room = Math.floor(size / 6.2);
    const label = span.label.replace(', 200', '');
    if (height >= 14 && room >= Math.min(6, label.length)) {
      this.parts.push(
        `<text class="label" x="${(from + 4).toFixed(1)}" y="${y + height - 5}">${escaped(label.length > room ? label.slice(0, room) : label)}</text>`,
      );
    }
  }
  lane(lane: Lane, y: number): void {
    this.parts.push(
      `<text class="node" x="8" y="${y + 20}">${escaped(lane.node)}</text><text class="module" x="8" y="${y + 36}">${escaped(lane.module)}</text>`,
    );
    this.parts.push(`<line class="rule" x1="0" y1="${y + laneHeight - 2}" x2="${width}" y2="${y + laneHeight - 2}"/>`);
    for (const span of lane.states) this.bar(span, y + 6, 22, 'state');
    for (const span of lane.machine) this.bar(span, y + 6, 22, 'machine');
    for (const span of lane.scripts) this.bar(span, y + 32, 17, 'script-bar');
    for (const span of lane.target) this.bar(span, y + 53, 6, 'target');
    lane.marks.forEach(({ atMs, text }, index) => {
      const x = this.x(atMs).toFixed(1);
      const title = `${secondsOf(atMs, 0)} s: ${text}`;
      this.parts.push(
        `<g class="mark"><title>${escaped(title)}</title><circle cx="${x}" cy="${y + 72 + (index % 3) * 9}" r="4"/></g>`,
      );
    });
  }
}

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#59636e;--paper:#fff;--rule:#d8dee4;--up:#1a7f37;--busy:#0969da;--wait:#9a6700;--stop:#8c959f;--bad:#cf222e;--script:#6639ba}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--rule:#30363d;--up:#238636;--busy:#1f6feb;--wait:#9e6a03;--stop:#57606a;--bad:#da3633;--script:#8957e5}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:24px auto;max-width:1160px;padding:0 16px}
h1{font-size:20px;margin:0}p{margin:4px 0 12px;color:var(--dim)}svg{display:block;width:100%;height:auto}
.state,.machine,.script-bar,.target{stroke:var(--paper);stroke-width:.6}
.up-ready{fill:var(--up)}.up-transient{fill:var(--busy)}.wait-transient,.wait-notready{fill:var(--wait)}.stop-notready{fill:var(--stop)}
.machine.off{fill:#24292f}.machine.nodaemon{fill:var(--bad);opacity:.75}.machine.suspended{fill:#24292f;opacity:.6}
.script{fill:var(--script)}.script-failed{fill:var(--bad)}.healthy{fill:var(--up)}.unhealthy{fill:var(--bad)}
.label{font-size:11px;fill:#fff;pointer-events:none}.node{font-weight:600;fill:var(--ink)}.module,.tick{font-size:11px;fill:var(--dim)}
.rule,.grid{stroke:var(--rule)}.mark circle{fill:var(--ink)}.loss{fill:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{text-align:left;padding:2px 10px 2px 0;border-bottom:1px solid var(--rule);vertical-align:top}
.t{white-space:nowrap;font-variant-numeric:tabular-nums;color:var(--dim)}.met{color:var(--up)}.missed{color:var(--bad);font-weight:600}
.key{display:flex;flex-wrap:wrap;gap:14px;margin:8px 0 20px;color:var(--dim);font-size:12px}.key i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:5px;vertical-align:-1px}
details{margin-top:16px}summary{cursor:pointer;font-weight:600}`;

const legend: readonly (readonly [string, string])[] = [
  ['var(--up)', 'UP (Ready), balancer sends here'],
  ['var(--busy)', 'UP (Transient)'],
  ['var(--wait)', 'WAIT'],
  ['var(--stop)', 'STOP'],
  ['var(--script)', 'script'],
  ['var(--bad)', 'failed script, no daemon, balancer does not send, lost requests'],
  ['#24292f', 'machine off or suspended'],
];

/** The inspector of the page: its program and style as they were built, and what it is to show. */
export interface PageInspector {
  readonly script: string;
  readonly style: string;
  readonly recorded: RecordedSteps;
}
/** Data and programs inside a page must not end their element. */
const within = (text: string): string => text.replace(/<(?=[/!])/g, '\\x3c');
const dataWithin = (value: unknown): string => JSON.stringify(value).replace(/</g, '\\u003c');

function inspectorHtml({ script, recorded }: PageInspector): string {
  return `<div id="inspector"></div>
<script type="application/json" id="recorded">${dataWithin(recorded)}</script>
<script>${within(script)}</script>`;
}

/** The page. @param inspector null: there is none in it */
export function timelineHtml(simulation: Simulation, inspector: PageInspector | null = null): string {
  const { title, seed, forMs, balancer, nodes, lanes, losses, events, requests, expectations, views, violation } = simulation;
  const drawing = new Drawing(forMs);
  const top = axisHeight + lossHeight;
  const height = top + lanes.length * laneHeight;
  for (let second = 0; second * 1_000 <= forMs; second += axisStep(forMs)) {
    const x = drawing.x(second * 1_000).toFixed(1);
    drawing.parts.push(
      `<line class="grid" x1="${x}" y1="${axisHeight}" x2="${x}" y2="${height}"/><text class="tick" text-anchor="middle" x="${x}" y="16">${second} s</text>`,
    );
  }
  const most = Math.max(1, ...losses.map((loss) => loss.count));
  drawing.parts.push(`<text class="module" x="8" y="${axisHeight + 24}">lost/s</text>`);
  for (const { atMs, count } of losses) {
    const size = Math.max(2, (count / most) * (lossHeight - 8));
    const x = drawing.x(Math.max(0, atMs - 1_000));
    const title = `${count} requests lost until ${secondsOf(atMs, 0)} s`;
    drawing.parts.push(
      `<rect class="loss" x="${x.toFixed(1)}" y="${(top - size).toFixed(1)}" width="${Math.max(2, drawing.x(1_000) - left - 1).toFixed(1)}" height="${size.toFixed(1)}"><title>${title}</title></rect>`,
    );
  }
  for (const [index, lane] of lanes.entries()) drawing.lane(lane, top + index * laneHeight);
  const counts = requests
    .map(({ module, sent, succeeded }) => `${module}: ${sent} requests, ${sent - succeeded} lost`)
    .join('; ');
  const row = (cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${style}${inspector === null ? '' : inspector.style.replace(/<\//g, '')}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${nodes.length} nodes, ${forMs / 1_000} s, ${balancer === null ? 'no balancer' : `balancer ${escaped(balancer)}`}, seed ${escaped(seed)}. ${escaped(counts)}</p>
${violation === null ? '' : `<p class="missed">Defect: invariant ${escaped(violation)}</p>`}
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Swim lanes of ${escaped(title)}">${drawing.parts.join('\n')}</svg>
<div class="key">${legend.map(([colour, text]) => `<span><i style="background:${colour}"></i>${text}</span>`).join('')}<span>● event (hover for its words)</span></div>
${expectations.length === 0 ? '' : `<table><tr><th>expectation</th><th></th></tr>${expectations.map(({ text, met, found }) => row([`<td>${escaped(text)}</td>`, `<td class="${met ? 'met' : 'missed'}">${met ? 'met' : `not met: ${escaped(found)}`}</td>`])).join('')}</table>`}
<details open><summary>What happened</summary><table>${events.map(({ atMs, text }) => row([`<td class="t">${secondsOf(atMs, 0)}</td>`, `<td>${escaped(text)}</td>`])).join('\n')}</table></details>
<details><summary>Views of the cluster</summary><table>${views.map(({ atMs, node, leader, members }) => row([`<td class="t">${secondsOf(atMs, 0)}</td>`, `<td>${escaped(node)}: ${escaped(members)} (leader ${escaped(leader)})</td>`])).join('\n')}</table></details>
${inspector === null ? '' : inspectorHtml(inspector)}
</body></html>
`;
}
