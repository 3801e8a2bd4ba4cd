/**
 * Pictures: what the pretrained networks were asked and answer, and predictions beside the truth (best, median and worst
 * test image of each shown arm).
 */
import type { PretrainingExample, ReportData } from '../../../shared/analysis.ts';
import { armName } from '../../../shared/charts/arm-style.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { pretrainingTitle } from '../../../shared/pretrainings.ts';
import { score } from '../../../shared/number-format.ts';
import { labelCount, labelCountsOf, sortedCells } from '../../../shared/charts/study-words.ts';

type Example = ReportData['examples'][number];

const RANKS: readonly Example['rank'][] = ['best', 'median', 'worst'];

export function examplesSection({ examples }: ReportData): Markup | null {
  if (examples.length === 0) return null;
  const groups = labelCountsOf(examples).map(
    (labels) =>
      markup`<h3>Trained with ${labelCount(labels)}</h3><div class="examples">${armBlocks(examples.filter((one) => one.labels === labels))}</div>`,
  );
  return markup`<section id="predictions"><h2>Predictions beside the truth</h2>
<p class="lead">The best, the median and the worst test image of each arm, by Dice: what a typical prediction looks like, and how far it can fail.</p>
${groups}</section>`;
}

function armBlocks(examples: readonly Example[]): Markup[] {
  const blocks = Map.groupBy(
    sortedCells(examples),
    (one) => `${one.pretraining ?? ''}/${one.transfer}/${one.seed}`,
  );
  return [...blocks.values()].map(armBlock);
}

function armBlock(examples: readonly Example[]): Markup {
  const [first] = examples;
  if (first === undefined) return markup``;
  const rows = RANKS.flatMap((rank) => examples.filter((one) => one.rank === rank));
  return markup`<div class="example"><h4>${armName(first)} <small>seed ${String(first.seed)}</small></h4><div class="triples"><span></span><span class="head">Image</span><span class="head">Truth</span><span class="head">Prediction</span>${rows.map(exampleRow)}</div></div>`;
}

function exampleRow({ rank, imageName, dice, image, truth, prediction }: Example): Markup {
  const picture = (source: string, what: string) =>
    markup`<img src="${embedded(source)}" alt="${what} of ${imageName}" title="${imageName}">`;
  return markup`<span class="rank">${rank}<b>${score(dice)}</b></span>${picture(image, 'Image')}${picture(truth, 'True label map')}${picture(prediction, 'Predicted label map')}`;
}

/** What each pretraining learned to do, in pictures. */
export function pretrainingSection({ pretrainingExamples }: ReportData): Markup | null {
  if (pretrainingExamples.length === 0) return null;
  const blocks = pretrainingExamples.map(
    ({ pretraining, seed, examples }) =>
      markup`<div class="example"><h4>${pretrainingTitle(pretraining)} <small>seed ${String(seed)}</small></h4>${examples.map(pretrainingExample)}</div>`,
  );
  return markup`<section id="pretraining"><h2>What the pretrained networks learned to do</h2>
<p class="lead">The same few images of the source for every task of a kind: what the network was given, what was asked of it, and what it answers at the end of its pretraining.</p>
<div class="examples">${blocks}</div></section>`;
}

function pretrainingExample({ imageName, caption, panels }: PretrainingExample): Markup {
  const pictures = panels.map(
    ({ title, png }) =>
      markup`<figure><img src="${embedded(png)}" alt="${title} of ${imageName}" title="${imageName}"><figcaption>${title}</figcaption></figure>`,
  );
  return markup`<div class="strip">${pictures}</div>${caption === '' ? null : markup`<p class="caption">${caption}</p>`}`;
}

/** The report must not reach outside itself, so its images are data. */
function embedded(source: string): string {
  if (!/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/.test(source)) {
    throw new TypeError('An example image of the report is not a PNG data URI.');
  }
  return source;
}
