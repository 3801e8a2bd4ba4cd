/** What it takes to repeat and to trust the study: weights taken over, methods, notes, provenance. */
import type { ReportData } from '../../../shared/analysis.ts';
import { enginesInText } from '../../../shared/engine-words.ts';
import { armName } from '../../../shared/charts/arm-style.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { counted, duration, gibibytes, minuteUtc } from '../../../shared/number-format.ts';

type TransferList = ReportData['transfers'][number];

export function layersSection({ transfers }: ReportData): Markup | null {
  if (transfers.length === 0) return null;
  return markup`<section id="layers"><h2>What was transferred</h2>
<p class="lead">The weights that each arm took over from its pretrained network, layer by layer. Open an arm for its list.</p>
${transfers.map(layerList)}</section>`;
}

function layerList(list: TransferList): Markup {
  const counts = `${list.loaded} loaded · ${list.random} random · ${list.frozen} frozen`;
  return markup`<details><summary><span>${armName(list)}</span><span>${counts}</span></summary><div class="scroll"><table><thead><tr><th scope="col">Layer</th><th scope="col">Group</th><th scope="col">Shape</th><th scope="col">Weights</th></tr></thead><tbody>${list.layers.map(
    ({ layer, group, shape, state }) =>
      markup`<tr><th scope="row">${layer}</th><td>${group}</td><td>${shape.join(' × ')}</td><td>${state}</td></tr>`,
  )}</tbody></table></div></details>`;
}

export function methodsSection({ methods }: ReportData): Markup | null {
  if (methods.length === 0) return null;
  return markup`<section id="methods"><h2>Methods</h2>${methods.map((paragraph) => markup`<p>${paragraph}</p>`)}</section>`;
}

export function notesSection({ notes }: ReportData): Markup | null {
  if (notes.length === 0) return null;
  return markup`<section id="notes"><h2>Notes</h2><ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

export function provenance(data: ReportData): Markup {
  const { machine, engines } = data;
  const facts = [
    ['Graft', data.graftVersion],
    ['Engine', engines.length === 0 ? 'none ran' : enginesInText(engines)],
    [
      'Machine',
      `${machine.cpu}, ${counted(machine.cores, 'core')}, ${gibibytes(machine.memoryBytes)}, ${machine.os}`,
    ],
    ['Time', `${duration(data.wallSeconds)}, report of ${minuteUtc(data.createdAt)}`],
    [
      'Data',
      'results.json, results.csv (a line a run), results-images.csv (a line a test image), results-classes.csv (a line a class) and results-comparisons.csv lie beside this file.',
    ],
  ] as const;
  return markup`<footer><dl class="facts">${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl></footer>`;
}
