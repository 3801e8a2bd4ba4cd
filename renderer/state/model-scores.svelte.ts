/** How good the models of a project are, asked once each: what a finished run scored changes no more. */
import type { ModelScore } from '../../shared/api.ts';
import type { Model } from '../../shared/entities.ts';
import type { Api } from '../api.ts';
import type { ProjectState } from './project.svelte.ts';

export class ModelScores {
  #known = $state.raw<ReadonlyMap<number, ModelScore>>(new Map());
  readonly #asked = new Set<number>();
  readonly #api: Pick<Api, 'call'>;
  readonly #project: Pick<ProjectState, 'path' | 'run'>;

  constructor(api: Pick<Api, 'call'>, project: Pick<ProjectState, 'path' | 'run'>) {
    this.#api = api;
    this.#project = project;
  }

  /** null while it is not known. */
  of(model: Model): ModelScore | null {
    return this.#known.get(model.id) ?? null;
  }

  /** Asks for those that are done and not known yet. */
  async load(models: readonly Model[]): Promise<void> {
    const due = models.filter(
      (model) => this.#project.run(model.runId)?.status === 'done' && !this.#asked.has(model.id),
    );
    for (const { id } of due) this.#asked.add(id);
    const results = await Promise.allSettled(
      due.map(({ id }) =>
        this.#api.call('models.score', { project: this.#project.path, modelId: id }),
      ),
    );
    const found = new Map(this.#known);
    const failed: unknown[] = [];
    for (const [i, result] of results.entries()) {
      const id = due[i]?.id ?? 0;
      if (result.status === 'fulfilled') found.set(id, result.value);
      else {
        this.#asked.delete(id);
        failed.push(result.reason);
      }
    }
    this.#known = found;
    if (failed.length > 0) throw failed[0];
  }
}

/** Mean over the classes that were scored; null where none was. */
export function meanDice({ classes }: Pick<ModelScore, 'classes'>): number | null {
  const known = classes.flatMap(({ dice }) => dice ?? []);
  return known.length === 0 ? null : known.reduce((sum, dice) => sum + dice, 0) / known.length;
}
