/** A study in a queue whose trainer processes do what a test tells them. */
import type { Project } from '../../../../engine/db/project.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { Queue } from '../../../../engine/study/running/queue.ts';
import type { SpawnTrainer } from '../../../../engine/trainer.ts';
import type { TrainerEvent } from '../../../../engine/training/protocol.ts';
import type { Kernels, Run } from '../../../../shared/entities.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

export const ENGINE = { name: 'wasm', version: '1', threads: 1, node: 'v24', graft: '0' } as const;

export interface FakeTrainer {
  readonly runId: number;
  readonly threads: number;
  readonly kernels: Kernels | undefined;
  send(event: TrainerEvent): void;
  /** Ends the process, in order or without a word. */
  end(how: 'orderly' | 'killed'): Promise<void>;
  stopAsked: boolean;
  /** Asked to stop, it goes on. */
  ignoresStop: boolean;
}

const fail = (error: unknown) => {
  throw error;
};
const killed = (fake: FakeTrainer) => {
  fake.end('killed').catch(fail);
};

/** Trainer processes that do what a test tells them. */
export function fakeTrainers() {
  const running: FakeTrainer[] = [];
  const spawn: SpawnTrainer = (request, onEvent) => {
    if (request.type !== 'run') throw new Error(`asked for ${request.type}`);
    let settle: (value: { orderly: boolean; detail: string }) => void = () => undefined;
    const ended = new Promise<{ orderly: boolean; detail: string }>((resolve) => {
      settle = resolve;
    });
    const fake: FakeTrainer = {
      runId: request.runId,
      threads: request.threads,
      kernels: request.kernels,
      stopAsked: false,
      ignoresStop: false,
      send: onEvent,
      async end(how) {
        if (running.includes(fake)) running.splice(running.indexOf(fake), 1);
        settle({ orderly: how === 'orderly', detail: 'signal SIGKILL' });
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    running.push(fake);
    return {
      pid: 1,
      ended,
      kill: () => killed(fake),
      stop() {
        fake.stopAsked = true;
        if (fake.ignoresStop) return;
        onEvent({ type: 'checkpoint', kind: 'last', step: 5, bytes: new Uint8Array([5]) });
        onEvent({ type: 'stopped', step: 5 });
        fake.end('orderly').catch(fail);
      },
    };
  };
  return { running, spawn };
}

/** Validation Dice of every step that a run still has, and its progress to the end. */
export function sendTraining(
  trainer: FakeTrainer,
  run: Run,
  diceAt: (step: number) => number,
): void {
  const left = Array.from({ length: run.steps - run.step }, (_, i) => run.step + 1 + i);
  trainer.send({
    type: 'metrics',
    points: left.map((step) => ({ step, name: 'valDice', value: diceAt(step) })),
  });
  trainer.send({ type: 'progress', step: run.steps, trainedSeconds: 1, peakMemoryBytes: 1 });
}

export async function finish(trainer: FakeTrainer): Promise<void> {
  trainer.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
  trainer.send({ type: 'done', kept: null });
  await trainer.end('orderly');
}

export function studyInQueue(changes: Parameters<typeof smallStudy>[1] = {}) {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 4 });
  const target = addDataset(project, 'target', { count: 20 });
  const study = createStudy(
    project,
    smallStudy({ source, target }, { labelCounts: [2], ...changes }),
  );
  const trainers = fakeTrainers();
  const queue = new Queue({
    project,
    emit: () => undefined,
    wish: { engine: 'wasm' },
    spawn: trainers.spawn,
  });
  return { project, study, queue, ...trainers };
}

export const statuses = (project: Project, studyId: number) => {
  const counts: Record<string, number> = {};
  for (const { status } of project.runs.ofStudy(studyId)) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
};

export const settled = () => new Promise((resolve) => setImmediate(resolve));
