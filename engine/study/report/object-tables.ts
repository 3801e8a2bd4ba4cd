/** The report's tables of objects: how well they are found, and which arms differ in it. */
import type { StudyAnalysis } from '../../../shared/analysis.ts';
import { armName } from '../../../shared/charts/arm-style.ts';
import {
  COMPARISONS,
  comparisonKinds,
  labelCount,
  labelCountsOf,
} from '../../../shared/charts/study-words.ts';
import {
  objectCells,
  objectDifferences,
  objectSentences,
} from '../../../shared/charts/object-words.ts';
import { markup, type Markup } from '../../../shared/markup.ts';
import { OBJECT_MEASURES, OBJECT_WORDS } from '../../../shared/objects/object-scores.ts';
import { pretrainingTitle } from '../../../shared/pretrainings.ts';
import { groupedTable, number, text } from './grouped-table.ts';

const columns = OBJECT_MEASURES.map((measure) => number(OBJECT_WORDS[measure]));

const cell = ({ value, interval }: { readonly value: string; readonly interval: string }): Markup =>
  markup`<span class="effect">${value}</span><br><span class="range">${interval}</span>`;

/** Nothing where no objects were told apart. */
export function objectTables({ objects }: StudyAnalysis): Markup | null {
  if (objects === undefined) return null;
  const rows = objectCells(objects);
  const images = Math.max(...objects.arms.map(({ testImages }) => testImages));
  const arms = groupedTable(
    `Objects of ${images} test images in which they were told apart, each score with its 95 % interval. A predicted and a true object match where their IoU reaches the threshold; F1: 2 TP / (2 TP + FP + FN). AP: TP / (TP + FP + FN), at .5 and as the mean over .5, .55 … .95. Panoptic quality: the IoU of the matches, over TP + ½ FP + ½ FN. Count error: objects too many or too few in an image. An image without any object, where none was predicted, has only the last.`,
    [text('Arm'), ...columns],
    labelCountsOf(rows).map((labels) => ({
      title: labelCount(labels),
      rows: rows
        .filter((row) => row.labels === labels)
        .map((row) => [armName(row), ...row.cells.map(cell)]),
    })),
  );
  const differences = objectDifferences(objects);
  const compared =
    differences.length === 0
      ? null
      : groupedTable(
          'Paired differences of the same scores, with the intervals that those of Dice have. They are beside the verdict, which rests on Dice: none of them is corrected for how many there are.',
          [text('Arms compared'), ...columns],
          comparisonKinds(differences).map((kind) => ({
            title: markup`${COMPARISONS[kind].question} <span class="formula">${kind}</span>`,
            rows: differences
              .filter(({ comparison }) => comparison === kind)
              .map(({ pretraining, labels, cells }) => [
                `${pretrainingTitle(pretraining)}, ${labelCount(labels)}`,
                ...cells.map(cell),
              ]),
          })),
        );
  return markup`<section id="objects"><h2>Objects</h2>${objectSentences(objects).map((sentence) => markup`<p class="lead">${sentence}</p>`)}${arms}${compared}</section>`;
}
