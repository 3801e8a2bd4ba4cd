/**
 * Entry of the process of a live training. Owns the process: its low priority, its threads, orderly ends. What it does is
 * in session.ts.
 */
import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { inspect } from 'node:util';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { openProjectReadonly } from '../../db/project.ts';
import { endWithParent } from '../../parent-watch.ts';
import { startEngine } from '../tensorflow/backend.ts';
import { type LiveEvent, LiveRequest, type LiveStart } from './messages.ts';
import { LiveSession } from './session.ts';

/** On Linux every thread has a priority of its own: those that are there get it one by one, later ones inherit it. */
function stepBack(): void {
  const lowest = constants.priority.PRIORITY_LOW;
  setPriority(lowest);
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), lowest);
    } catch (error) {
      // It has ended meanwhile.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
}

/** Messages leave in this order; `sent` is called when this one has left. */
function emit(event: LiveEvent, sent?: () => void): void {
  // A failure means that the engine is gone, and then 'disconnect' ends the process.
  process.send?.(event, undefined, undefined, () => sent?.());
}

const deliver = (event: LiveEvent): Promise<void> =>
  new Promise((sent) => {
    emit(event, sent);
  });

const waiting: Exclude<LiveRequest, LiveStart>[] = [];
let session: LiveSession | null = null;

async function run(start: LiveStart): Promise<void> {
  const project = openProjectReadonly(start.projectPath);
  try {
    const engine = await startEngine(start);
    stepBack();
    session = new LiveSession({ project, engine, start, emit, deliver });
    for (const request of waiting.splice(0)) session.receive(request);
    await session.run();
  } finally {
    project.close();
  }
}

const end = (last: LiveEvent) => emit(last, () => process.disconnect());

stepBack();
process.on('message', (message: unknown) => {
  const request = LiveRequest.parse(message);
  if (request.type !== 'start') {
    if (session === null) waiting.push(request);
    else session.receive(request);
    return;
  }
  run(request).then(
    () => end({ type: 'stopped' }),
    (error: unknown) => {
      // A bug's stack goes to standard error, which the engine keeps.
      if (!(error instanceof AppError)) process.stderr.write(`${inspect(error)}\n`);
      end({ type: 'failed', error: toWireError(error) });
    },
  );
});
// Without the engine nobody can receive what is learned.
process.on('disconnect', () => process.exit());
endWithParent();
