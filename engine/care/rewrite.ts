/** Rewrites a project file in a process of its own, beside everything else. */
import { fork } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { z } from 'zod';
import { AppError, fromWireError, WireError } from '../../shared/errors.ts';
import { backupPath } from '../db/backup.ts';
import type { ShrinkOptions } from '../db/compact.ts';
import { partFile } from '../parts.ts';

const LOOK_EVERY_MS = 250;

const RewriteAnswer = z.object({ error: WireError.nullable() });
export type RewriteAnswer = z.infer<typeof RewriteAnswer>;

/**
 * `bytes`: about how large the new file will be. Nobody may have the project open. Errors: cancelled, locked, no-space,
 * corrupt; internal, where the process is killed. The project is whole then, as it was.
 */
export async function rewriteProject(
  path: string,
  { bytes, signal, onProgress }: ShrinkOptions & { readonly bytes: number },
): Promise<void> {
  // Named like a backup that is being made: what is left of it is removed when the project is opened.
  const part = `${backupPath(path, 'compacting')}.part`;
  const { promise, resolve, reject } = Promise.withResolvers<null>();
  const child = fork(partFile('care/rewrite-process'), [path, part]);
  const cancel = () => child.kill('SIGKILL');
  let answer: RewriteAnswer | null = null;
  // Anything else than an answer is none, and then its end is told.
  child.on(
    'message',
    (message: unknown) => (answer = RewriteAnswer.safeParse(message).data ?? null),
  );
  child.on('error', reject);
  child.on('close', (code, how) => {
    const error = answer?.error;
    if (error === null) resolve(null);
    else if (error !== undefined) reject(fromWireError(error));
    else if (signal.aborted) {
      reject(new AppError('cancelled', 'Cancelled; the project is as it was.'));
    } else {
      const ending = how ?? `exit code ${String(code)}`;
      reject(
        new AppError(
          'internal',
          `The process that rewrites ${path} ended (${ending}). The project is as it was; try again.`,
          { subject: path },
        ),
      );
    }
  });
  const timer = setInterval(() => {
    const size = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    onProgress(Math.min(1, size / Math.max(1, bytes)));
  }, LOOK_EVERY_MS);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    await promise;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', cancel);
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true });
  }
}
