/** What a design's primary questions need, said before hours are spent on them (docs/method.md §5). */
import type { PrimaryQuestion, StudyConfig } from '../../../shared/entities.ts';
import { counted } from '../../../shared/number-format.ts';
import { isTaskPretraining, pretrainingKey } from '../../../shared/pretrainings.ts';
import {
  type AskedQuestion,
  isPrimary,
  questionsFor,
  questionsOf,
  seedsFor,
} from '../../../shared/primary-questions.ts';
import { inWords } from '../../../shared/sentences.ts';
import { refuse } from './refuse.ts';

/** Every question that the arms of a study can answer. */
function askedIn({ pretrainings }: StudyConfig, labelCounts: readonly number[]): AskedQuestion[] {
  return questionsOf({
    labelCounts,
    pretrainings: pretrainings.map((plan) => ({
      key: pretrainingKey(plan),
      task: isTaskPretraining(plan) ? plan.task : null,
      transfers: plan.transfers,
    })),
  });
}

const nameOf = ({ question, pretraining, labels }: PrimaryQuestion) =>
  `${question}${pretraining === null ? '' : `:${pretraining}`}${labels === null ? '' : `@${labels}`}`;

/** Errors: invalid-input, where a question is marked that this design does not ask. */
export function checkPrimary(config: StudyConfig, labelCounts: readonly number[]): void {
  const all = askedIn(config, labelCounts);
  const most = Math.max(...labelCounts);
  for (const one of config.primary) {
    if (all.some((asked) => isPrimary(asked, { primary: [one], most }))) continue;
    const names = [...new Set(all.map(({ question }) => question))];
    refuse(
      `No arms of this study answer the primary question "${nameOf(one)}". It asks ${inWords(names)}, of ${inWords([...new Set(all.map(({ pretraining }) => pretraining))])}, with ${inWords(labelCounts.map(String))} labels.`,
      nameOf(one),
    );
  }
}

/** Those that its advice rests on: what is marked, else all. */
export function primaryIn(config: StudyConfig, labelCounts: readonly number[]): AskedQuestion[] {
  const { primary } = config;
  const most = Math.max(...labelCounts);
  return askedIn(config, labelCounts).filter((one) => isPrimary(one, { primary, most }));
}

/** Empty with less than two primary questions, which need no correction. */
export function primaryNotes(config: StudyConfig, labelCounts: readonly number[]): string[] {
  const { seeds, mode, primary, splits } = config;
  const asked = primaryIn(config, labelCounts);
  if (asked.length < 2 && mode !== 'confirm') return [];
  const marked = primary.length === 0 ? ', as none was marked' : '';
  const together = `${counted(asked.length, 'primary question')}${marked}: the advice holds for all of them at once, and is the sharper the fewer they are. Mark them before the study runs.`;
  // Over several splits the test is no exact one, whose p has a least value.
  if (mode !== 'confirm' || splits !== null) return [together];
  // A trend has an interval, and no exact test.
  const tested = asked.filter(({ question }) => question !== 'trend');
  const [needed, fitting] = [seedsFor(tested.length), questionsFor(seeds)];
  if (tested.length === 0 || seeds >= needed) return [together];
  const share = (p: number) => p.toFixed(4).replace(/^0/, '');
  return [
    `This study cannot confirm all it asks: with ${counted(seeds, 'seed')} the exact test has no p below ${share(2 / 2 ** seeds)}, and Holm's correction over ${counted(tested.length, 'primary question')} needs ${share(0.05 / tested.length)}. Run ${needed} seeds, or ${fitting === 0 ? 'ask for an estimate instead' : `mark ${fitting} questions or fewer as primary${fittingWords(tested, fitting)}`}.`,
    together,
  ];
}

/** Questions that fit, each with all its pretrainings and label counts. */
function fittingWords(tested: readonly AskedQuestion[], fitting: number): string {
  const groups = [...Map.groupBy(tested, ({ question }) => question)];
  const fit = groups.filter(([, own]) => own.length <= fitting);
  return fit.length === 0
    ? ', of one pretraining or label count'
    : `, such as ${fit.map(([question, own]) => `${question} (${own.length})`).join(' or ')}`;
}
