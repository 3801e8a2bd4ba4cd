/**
 * Entry of the thread that prepares a run's data beside the training: decodes, resizes and augments what feed.ts
 * asks for. Opens the project read-only for itself; computes nothing with TensorFlow.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { openProjectInMemory, openProjectReadonly } from '../../db/project.ts';
import { type BatchAnswer, BatchRequest, BatchThreadData } from './messages.ts';
import { runData } from './run-data.ts';
import { openTrainingData, type TrainingData } from './training-data.ts';

const { projectPath, inMemory, runId } = BatchThreadData.parse(workerData);
const project = inMemory ? openProjectInMemory(projectPath) : openProjectReadonly(projectPath);

function open(): TrainingData {
  const config = project.runs.get(runId)?.config;
  if (config === undefined) {
    throw new AppError('not-found', `There is no run ${runId} in this project.`);
  }
  return openTrainingData({ project, config, data: runData(project, config) });
}
let opened: TrainingData | undefined;
const data = () => (opened ??= open());

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

/** Batches are prepared one after another, validation images in between: training waits for batches only. */
let earlier = Promise.resolve();

parentPort?.on('message', (message: unknown) => {
  const request = BatchRequest.parse(message);
  if (request.type === 'batch') earlier = earlier.then(() => sendBatch(request.step)).catch(fail);
  else void sendViews().catch(fail);
});
