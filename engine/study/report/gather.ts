/** Reads a stored study and everything that its analysis and report need. Writes nothing. */
import { availableParallelism, cpus, release, totalmem, type as osType } from 'node:os';
import type {
  AnalysedRun,
  ReportData,
  StudiedPretraining,
  StudyAnalysis,
  StudyFindings,
} from '../../../shared/analysis.ts';
import { cautions } from '../../../shared/charts/study-words.ts';
import type {
  PretrainingKey,
  PretrainingPlan,
  Run,
  SegmentationClass,
  Study,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { scoredClasses } from '../../../shared/foreground.ts';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { PRETRAINING_TASK_FACTS } from '../../../shared/pretraining-tasks.ts';
import { isTaskPretraining, pretrainingKey } from '../../../shared/pretrainings.ts';
import { readSmall, readLabelMap } from '../../data/image-source.ts';
import { imagePng, maskPng } from '../../data/thumbnail.ts';
import { pinnedDataset } from '../../data/pinned-dataset.ts';
import type { Project } from '../../db/project.ts';
import { GRAFT_VERSION } from '../../version.ts';
import { analysedRuns, chosenRuns } from '../analysis/analysed-runs.ts';
import { type ExtraLabels, extraLabelsOf } from '../analysis/extra-labels.ts';
import { analyseStudy } from '../analysis/analyse.ts';
import { describeContext, describeMethods } from './methods.ts';
import { distinctEngines, reportNotes } from './notes.ts';
import { pretrainingExamples } from './pretraining-examples.ts';

/** Longest side of an image in the report: enough to judge a mask, small enough for a file to mail. */
const EXAMPLE_SIDE_PX = 192;
/** Arms shown with pictures at the largest label count; each has three. */
const MAX_EXAMPLE_ARMS = 8;
/** Images shown of each pretraining. */
const MAX_PRETRAINING_EXAMPLES = 2;

function studiedPretraining(
  db: Project,
  plan: PretrainingPlan,
  extra: ReadonlyMap<PretrainingKey, ExtraLabels>,
): StudiedPretraining {
  const key = pretrainingKey(plan);
  const extraLabels = extra.get(key);
  const encoder = isTaskPretraining(plan) ? undefined : db.encoders.get(plan.encoderId);
  const task = isTaskPretraining(plan) ? plan.task : (encoder?.task ?? null);
  if (task !== null) {
    return { key, task, trains: PRETRAINING_TASK_FACTS[task].trains, extraLabels };
  }
  const loaded = encoder?.file?.layers.filter(({ state }) => state === 'loaded') ?? [];
  const trains = (['encoder', 'decoder'] as const).filter((half) =>
    loaded.some(({ group }) => group === half),
  );
  return { key, task, trains, extraLabels };
}

function scoredNames(db: Project, { targetSnapshotId }: Study): StudyAnalysis['classes'] {
  const target = pinnedDataset(db, targetSnapshotId);
  if (target === undefined) return [];
  const scored = new Set(scoredClasses(target));
  return target.classes.flatMap(({ index, name }) => (scored.has(index) ? [{ index, name }] : []));
}

export interface StoredAnalysis {
  readonly analysis: StudyAnalysis;
  readonly runs: readonly AnalysedRun[];
}

/** Analysis of what is finished by now. Errors: conflict where no run is. */
export function analyseStoredStudy(db: Project, study: Study): StoredAnalysis {
  const runs = analysedRuns(db, study.id);
  if (!runs.some((run) => run.status === 'done')) {
    throw new AppError(
      'conflict',
      `No run of "${study.name}" is finished yet, so there is nothing to report. Run the study first.`,
    );
  }
  const extra = extraLabelsOf(db, study);
  const analysis = analyseStudy({
    runs,
    pretrainings: study.config.pretrainings.map((plan) => studiedPretraining(db, plan, extra)),
    delta: study.config.delta,
    primary: study.config.primary,
    budgetSteps: study.config.finetuning.steps,
    seedForBootstrap: study.id,
    classes: scoredNames(db, study),
  });
  return { analysis, runs };
}

/** Runs of one seed and the largest label count, one an arm: the pictures and layer lists of the report. */
function representatives(runs: readonly Run[]): Run[] {
  const done = runs.filter((run) => run.kind === 'finetune' && run.status === 'done');
  const labels = Math.max(...done.map((run) => run.labels ?? 0));
  const seed = Math.min(...done.map((run) => run.seed));
  return done.filter((run) => run.labels === labels && run.seed === seed);
}

async function examplesOf(
  db: Project,
  run: Run,
  classes: readonly SegmentationClass[],
): Promise<ReportData['examples'][number][]> {
  const ranked = db.runs
    .results(run.id)
    .flatMap(({ checkpoint, imageId, dice }) =>
      checkpoint === 'best' && dice !== null ? [{ imageId, dice }] : [],
    )
    .toSorted((a, b) => b.dice - a.dice);
  const labelMapOf = new Map(
    db.snapshots.items(run.config.snapshotId).map((item) => [item.imageId, item.labelMapId]),
  );
  const picks = [
    { rank: 'best', result: ranked[0] },
    { rank: 'median', result: ranked[Math.floor(ranked.length / 2)] },
    { rank: 'worst', result: ranked.at(-1) },
  ] as const;
  const examples: ReportData['examples'][number][] = [];
  for (const { rank, result } of picks) {
    if (result === undefined || run.transfer === null || run.labels === null) continue;
    const image = db.datasets.image(result.imageId);
    const labelMapId = labelMapOf.get(result.imageId) ?? null;
    const prediction = db.runs.prediction(run.id, result.imageId);
    if (image === undefined || labelMapId === null || prediction === undefined) continue;
    const uri = (png: Uint8Array) => `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    const mask = (map: ReturnType<typeof decodeLabelMap>) =>
      maskPng(map, classes, EXAMPLE_SIDE_PX).then(uri);
    const { pixels } = await readSmall(db, image, EXAMPLE_SIDE_PX);
    examples.push({
      pretraining: run.pretraining,
      transfer: run.transfer,
      labels: run.labels,
      seed: run.seed,
      rank,
      imageName: image.name,
      dice: result.dice,
      image: uri(await imagePng(pixels, EXAMPLE_SIDE_PX)),
      truth: await mask(readLabelMap(db, labelMapId)),
      prediction: await mask(decodeLabelMap(prediction)),
    });
  }
  return examples;
}

function pretrainingCosts(db: Project, runs: readonly Run[]): ReportData['pretrainings'] {
  const pretrainRuns = runs.filter((r) => r.kind === 'pretrain');
  return [...Map.groupBy(pretrainRuns, (r) => r.pretraining)].flatMap(([pretraining, own]) => {
    const config = own[0]?.config;
    if (pretraining === null || config?.kind !== 'pretrain') return [];
    const done = own.filter((r) => r.status === 'done');
    const losses = done.map((r) => db.runs.metrics(r.id).findLast((m) => m.name === 'loss'));
    const mean = (values: readonly number[]) =>
      values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
    return {
      pretraining,
      task: config.task,
      seeds: done.length,
      steps: own[0]?.steps ?? 0,
      secondsPerRun: mean(done.map((r) => r.trainedSeconds)),
      finalLoss: mean(losses.filter((l) => l !== undefined).map((l) => l.value)),
    };
  });
}

/** Of the first finished run of each pretraining. */
function examplesOfPretrainings(
  db: Project,
  runs: readonly Run[],
): ReportData['pretrainingExamples'] {
  const done = runs.filter((run) => run.kind === 'pretrain' && run.status === 'done');
  return [...Map.groupBy(done, (run) => run.pretraining)].flatMap(([pretraining, own]) => {
    const [run] = own;
    if (pretraining === null || run === undefined) return [];
    const examples = pretrainingExamples(db, run.id).slice(0, MAX_PRETRAINING_EXAMPLES);
    return examples.length === 0 ? [] : [{ pretraining, seed: run.seed, examples }];
  });
}

/** For the window: without pictures, methods and costs. Errors: conflict where no run is finished. */
export function findingsOf(db: Project, study: Study): StudyFindings {
  const { analysis, runs: analysed } = analyseStoredStudy(db, study);
  const runs = db.runs.ofStudy(study.id);
  const engines = distinctEngines(runs);
  return {
    ...analysis,
    cautions: cautions({ analysis, engines }, analysed),
    notes: reportNotes(db, study, runs),
  };
}

export async function gatherReport(
  db: Project,
  study: Study,
): Promise<{ data: ReportData; runs: readonly AnalysedRun[] }> {
  const { analysis, runs: analysed } = analyseStoredStudy(db, study);
  const runs = db.runs.ofStudy(study.id);
  const engines = distinctEngines(runs);
  const classes = db.datasets.get(study.config.targetDatasetId)?.classes ?? [];
  const shown = representatives(chosenRuns(db, study.id));
  const examples = [];
  for (const run of shown.slice(0, MAX_EXAMPLE_ARMS)) {
    examples.push(...(await examplesOf(db, run, classes)));
  }
  const end = study.endedAt === null ? Date.now() : Date.parse(study.endedAt);
  const start = study.startedAt === null ? end : Date.parse(study.startedAt);
  const data: ReportData = {
    graftVersion: GRAFT_VERSION,
    createdAt: study.endedAt ?? new Date().toISOString(),
    studyName: study.name,
    context: describeContext(db, study),
    engines,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      os: `${osType()} ${release()}`,
    },
    analysis,
    methods: describeMethods(db, study, engines),
    notes: reportNotes(db, study, runs),
    trainingSeconds: runs.reduce((sum, run) => sum + run.trainedSeconds, 0),
    wallSeconds: (end - start) / 1000,
    pretrainings: pretrainingCosts(db, runs),
    transfers: shown.map((run) => {
      const layers = run.layers ?? [];
      const count = (state: string) => layers.filter((l) => l.state === state).length;
      return {
        pretraining: run.pretraining,
        transfer: run.transfer ?? 'random',
        loaded: count('loaded') + count('permuted'),
        random: count('random'),
        frozen: count('frozen'),
        layers,
      };
    }),
    pretrainingExamples: examplesOfPretrainings(db, runs),
    examples,
  };
  return { data, runs: analysed };
}
