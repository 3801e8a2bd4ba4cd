/** Ctrl+C while a model is trained, on a terminal: once keeps what there is, twice throws it away. */
import { AppError } from '../../shared/errors.ts';
import type { Model } from '../../shared/entities.ts';
import type { Engine } from '../engine.ts';

/** What the n-th Ctrl+C does; false: it ends the command, and the run stays queued from its last checkpoint. */
export type OnInterrupt = (press: number) => Promise<boolean>;

/** @param say a line for whoever pressed */
export const keepOrDrop =
  (
    engine: Engine,
    { project, model, say }: { project: string; model: Model; say: (line: string) => void },
  ): OnInterrupt =>
  async (press) => {
    const { id: modelId, name } = model;
    const keep = press === 1;
    try {
      await engine.call('models.stop', { project, modelId, keep });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
      // It waits for its turn, so there is nothing to keep; or it has just ended by itself.
      const models = await engine.call('models.list', { project });
      return models.find(({ id }) => id === modelId)?.status !== 'queued';
    }
    say(
      keep
        ? `Ends with the best network so far, which is tested and stays as "${name}". Ctrl+C again throws it away.`
        : `"${name}" is thrown away.`,
    );
    return true;
  };
