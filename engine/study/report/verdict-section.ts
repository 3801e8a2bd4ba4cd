/** First screen of the report: the answer in sentences and as a picture, then every verdict with its words. */
import type {
  AnalysedRun,
  Comparison,
  ReportData,
  StudyAnalysis,
} from '../../../shared/analysis.ts';
import type { PretrainingKey } from '../../../shared/entities.ts';
import { halvesChart, halvesOf } from '../../../shared/charts/halves.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { score, signed, signedInterval } from '../../../shared/number-format.ts';
import { pretrainingInText, pretrainingTitle } from '../../../shared/pretrainings.ts';
import {
  cautions,
  COMPARISONS,
  comparisonKinds,
  sortedComparisons,
  labelCount,
  labelCountsOf,
  pretrainingsOf,
  togetherWords,
  verdictBadge,
} from '../../../shared/charts/study-words.ts';

/** Characters beyond which the headline is set smaller. */
const LONG_HEADLINE = 90;

export function verdictSection(data: ReportData, runs: readonly AnalysedRun[]): Markup {
  const { analysis } = data;
  const [first, ...others] = analysis.headline;
  return markup`<section id="verdict" aria-label="Verdict">
<p class="headline${(first?.length ?? 0) > LONG_HEADLINE && ' long'}">${first}</p>
${cautionBox(cautions(data, runs), data.notes.length > 0)}
${halvesFigure(analysis)}
${others.map((sentence) => markup`<p class="subline">${sentence}</p>`)}
${analysis.comparisons.length > 0 && glossary(analysis.delta)}
${verdictTable(analysis)}
</section>`;
}

function cautionBox(sentences: readonly string[], hasNotes: boolean): Markup | null {
  if (sentences.length === 0) return null;
  return markup`<div class="cautions" role="note"><p><strong>Read with care.</strong>${hasNotes && markup` More under <a href="#notes">Notes</a>.`}</p><ul>${sentences.map((sentence) => markup`<li>${sentence}</li>`)}</ul></div>`;
}

/** One picture a task and label count: no cell is pooled with another. */
function halvesFigure(analysis: StudyAnalysis): Markup | null {
  const { comparisons } = analysis;
  if (comparisons.length === 0) return null;
  const counts = labelCountsOf(comparisons);
  const layout = counts.length >= 2 && counts.length <= 4 ? halvesMatrix : halvesGallery;
  return markup`<figure class="whole">${layout(analysis, counts)}<figcaption>Which half of the pretrained network to keep. Left of each pair the encoder, against a random start; right the decoder, on top of the encoder. The number is the change in Dice.</figcaption></figure>`;
}

/** A row a task, a column a label count; with many columns a row's name stands above it. */
function halvesMatrix(analysis: StudyAnalysis, counts: readonly number[]): Markup {
  const width = counts.length > 2 ? 'wide' : 'narrow';
  return markup`<div class="halves ${width} of-${counts.length}">
${width === 'narrow' && markup`<div class="head"></div>`}${counts.map((labels) => markup`<div class="head">with ${labelCount(labels)}</div>`)}
${pretrainingsOf(analysis.comparisons).map((task) => markup`<div class="row"><small>pretrained by</small> ${pretrainingInText(task)}</div>${counts.map((labels) => halvesCell(analysis, task, labels, markup`<div class="phone">with ${labelCount(labels)}</div>`))}`)}
</div>`;
}

/** Cells that carry their whole name, for a single label count or more than a row can hold. */
function halvesGallery(analysis: StudyAnalysis, counts: readonly number[]): Markup {
  return markup`<div class="halves gallery">${pretrainingsOf(analysis.comparisons).map((task) =>
    counts.map((labels) =>
      halvesCell(
        analysis,
        task,
        labels,
        markup`<div class="name"><b>${pretrainingTitle(task)}</b>, ${labelCount(labels)}</div>`,
      ),
    ),
  )}</div>`;
}

function halvesCell(
  analysis: StudyAnalysis,
  pretraining: PretrainingKey,
  labels: number,
  name: Markup,
): Markup {
  const title = `${pretrainingTitle(pretraining)}, ${labelCount(labels)}`;
  const halves = halvesOf(analysis, { pretraining, labels });
  return markup`<div class="cell">${name}${halvesChart({ title, halves }).draw().markup}</div>`;
}

function glossary(delta: number): Markup {
  const margin = score(delta);
  const entries = [
    [
      'Dice',
      markup`How well a predicted area covers the true one, measured on test images that no training saw: 0 not at all, 1 perfectly.`,
    ],
    [
      'Keep it, leave it out',
      markup`This half clearly helps, or clearly harms: the interval of the difference, of all primary questions together, lies on one side of zero. “Keep both”: both halves together help; that this one does by itself is not shown.`,
    ],
    [
      'No difference',
      markup`Too small to matter: the difference lies within ±${margin} Dice, the margin δ fixed before the study. “Can be skipped”: adding this half gains less than δ.`,
    ],
    [
      'Can’t tell yet',
      markup`The data leave it open. That is not evidence of “no difference”: more seeds or test images may settle it.`,
    ],
  ] as const;
  return markup`<dl class="glossary">${entries.map(([term, text]) => markup`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function verdictTable({ comparisons, primaryQuestions, delta }: StudyAnalysis): Markup | null {
  if (comparisons.length === 0) return null;
  return markup`<div class="scroll"><table class="verdicts"><caption>All verdicts, each by itself, with the difference in test Dice and its 95&nbsp;% confidence interval. “All together”: the wider interval of a primary question, which holds at once with those of all ${String(primaryQuestions)} in 95 of 100 studies. What is advised above, and the claims, rest on these; exploratory rows take no part.</caption>
<thead><tr><th scope="col">Labels</th><th scope="col">Question</th><th scope="col">Difference</th><th scope="col">Verdict</th></tr></thead>
${pretrainingsOf(comparisons).map((task) =>
  verdictGroup(
    comparisons.filter(({ pretraining }) => pretraining === task),
    delta,
  ),
)}</table></div>`;
}

/** All comparisons of one pretraining task; a label count spans its rows. */
function verdictGroup(rows: readonly Comparison[], delta: number): Markup {
  const [first] = rows;
  return markup`<tbody class="group">${first && markup`<tr><th scope="rowgroup" colspan="4">Pretrained by ${pretrainingInText(first.pretraining)}</th></tr>`}${labelCountsOf(
    rows,
  ).map((labels) => {
    const own = rows.filter(
      (row) => row.labels === labels && COMPARISONS[row.comparison].part !== 'factorial',
    );
    return comparisonKinds(own)
      .flatMap((kind) => sortedComparisons(own, kind))
      .map((row, i) => verdictRow(row, { span: i === 0 ? own.length : 0, delta }));
  })}</tbody>`;
}

/** `span`: rows that the label count heads, 0 where a row above heads this one. */
function verdictRow(
  row: Comparison,
  { span, delta }: { readonly span: number; readonly delta: number },
): Markup {
  const { comparison, labels, words, effect, ci95, together, verdict } = row;
  const all = togetherWords(row, delta);
  return markup`<tr>${span > 0 && markup`<th scope="row" class="labels" rowspan="${span}">${labelCount(labels)}</th>`}<td>${COMPARISONS[comparison].question}<br><span class="muted small">${words}</span></td><td class="difference"><span class="effect">${signed(effect)}</span><br>${verdict !== 'not tested' && markup`<span class="range">${signedInterval(ci95)}</span>${together && markup`<br><span class="range">all together ${signedInterval(together.ci95)}</span>`}`}</td><td class="verdict">${verdictBadge(verdict)}${all !== '' && markup`<br><span class="small muted">${together === null ? all : `all together: ${all}`}</span>`}</td></tr>`;
}
