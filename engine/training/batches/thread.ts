/**
 * Entry of the thread that prepares a run's data beside the training: decodes, resizes and augments what feed.ts
 * asks for. Opens the project read-only for itself; computes nothing with TensorFlow.
 */
import { parentPort } from 'node:worker_threads';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { openProjectInMemory, openProjectReadonly } from '../../db/project.ts';
import { type BatchAnswer, BatchRequest, type BatchThreadData } from './messages.ts';
import { runData } from './run-data.ts';
import { openTrainingData, type TrainingData } from './training-data.ts';

/** A run whose data are prepared: read when they are first needed. */
class OpenRun {
  readonly #project;
  readonly #runId: number;
  #data: TrainingData | undefined;

  constructor({ projectPath, inMemory, runId }: BatchThreadData) {
    this.#project = inMemory ? openProjectInMemory(projectPath) : openProjectReadonly(projectPath);
    this.#runId = runId;
  }

  get data(): TrainingData {
    return (this.#data ??= this.#open());
  }

  #open(): TrainingData {
    const project = this.#project;
    const config = project.runs.get(this.#runId)?.config;
    if (config === undefined) {
      throw new AppError('not-found', `There is no run ${this.#runId} in this project.`);
    }
    return openTrainingData({ project, config, data: runData(project, config) });
  }

  async close(): Promise<void> {
    await this.#data?.close();
    this.#project.close();
  }
}

let run: OpenRun | undefined;

function data(): TrainingData {
  if (run === undefined) throw new Error('no run is open');
  return run.data;
}

function send(message: BatchAnswer, moved: readonly ArrayBufferLike[] = []): void {
  const buffers = moved.filter((buffer) => buffer instanceof ArrayBuffer);
  parentPort?.postMessage(message, buffers);
}

async function sendBatch(step: number): Promise<void> {
  const { size, inputs } = await data().batch(step);
  send(
    { type: 'batch', step, size, inputs: new Map(inputs) },
    [...inputs.values()].map((array) => array.buffer),
  );
}

async function sendViews(): Promise<void> {
  const views = await data().validationViews();
  const buffers = views.flatMap(({ pixels, truth }) => [pixels.buffer, truth.data.buffer]);
  send({ type: 'validation', views }, buffers);
}

/** What can be mended is told; a bug ends the thread, which the training thread sees. */
function fail(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  send({ type: 'failed', error: toWireError(error) });
}

/** Nothing of it is kept for the next run. */
async function close(): Promise<void> {
  await run?.close();
  run = undefined;
  send({ type: 'closed' });
}

/** Batches are prepared one after another, validation images in between: training waits for batches only. */
let earlier = Promise.resolve();

parentPort?.on('message', (message: unknown) => {
  const request = BatchRequest.parse(message);
  if (request.type === 'open') run = new OpenRun(request.run);
  else if (request.type === 'close') close().catch(fail);
  else if (request.type === 'batch') {
    earlier = earlier.then(() => sendBatch(request.step)).catch(fail);
  } else void sendViews().catch(fail);
});
