/** Learning curves of a study's runs: what was stored, and what comes in while they train. */
import type { MetricPoint, Run } from '../../shared/entities.ts';
import type { Api } from '../api.ts';
import type { ProjectState } from './project.svelte.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

export class StudyCurves {
  #stored = $state.raw<ReadonlyMap<number, readonly MetricPoint[]>>(new Map());
  #read = $state(false);
  #api: Api;
  #project: ProjectState;
  #studyId: number;

  constructor(api: Api, project: ProjectState, studyId: number) {
    this.#api = api;
    this.#project = project;
    this.#studyId = studyId;
  }

  /** Whether what was stored has been asked for; that nothing is there can be said only then. */
  get read(): boolean {
    return this.#read;
  }

  async load(): Promise<void> {
    try {
      const curves = await this.#api.call('studies.metrics', {
        project: this.#project.path,
        studyId: this.#studyId,
      });
      this.#stored = new Map(curves.map(({ runId, points }) => [runId, points]));
    } finally {
      this.#read = true;
    }
  }

  /** (step, value), ascending; a point that was measured again after a resume counts once. */
  of(run: Run): Point[] {
    const shown = run.kind === 'pretrain' ? 'loss' : 'valDice';
    const byStep = new Map<number, number>();
    const live = this.#project.live.get(run.id) ?? [];
    for (const point of [...(this.#stored.get(run.id) ?? []), ...live]) {
      if (point.name === shown) byStep.set(point.step, point.value);
    }
    return [...byStep].sort(([a], [b]) => a - b).map(([x, y]) => ({ x, y }));
  }

  /** Best validation Dice so far; null before the first. */
  best(run: Run): number | null {
    const values = this.of(run).map(({ y }) => y);
    return run.kind === 'pretrain' || values.length === 0 ? null : Math.max(...values);
  }

  /** One run a seed: of several learning rates the best so far, as the analysis will choose at the end. */
  counting(runs: readonly Run[]): Run[] {
    return [...Map.groupBy(runs, (run) => run.seed).values()].flatMap((tries) => {
      const value = (run: Run) => this.best(run) ?? -1;
      return tries.toSorted((a, b) => value(b) - value(a)).slice(0, 1);
    });
  }

  /** Mean over runs of one arm, at the steps that all of them have reached or finished. */
  mean(runs: readonly Run[]): Point[] {
    const curves = runs.map((run) => this.of(run)).filter((curve) => curve.length > 0);
    const sums = new Map<number, { sum: number; count: number }>();
    for (const { x, y } of curves.flat()) {
      const { sum, count } = sums.get(x) ?? { sum: 0, count: 0 };
      sums.set(x, { sum: sum + y, count: count + 1 });
    }
    return [...sums]
      .filter(([, { count }]) => count === curves.length)
      .sort(([a], [b]) => a - b)
      .map(([x, { sum, count }]) => ({ x, y: sum / count }));
  }
}
