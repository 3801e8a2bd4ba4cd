/** Graft as a shell starts it, and a project for what trains there. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { partFile } from '../../../engine/parts.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

/** What a command printed, and its exit code; -1 where a signal ended it. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const graft = (...args: readonly string[]) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, [partFile('cli'), ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });

/** 12 labelled images of 32 px, in a project that nobody has open. */
export async function cellsProject(): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = temporaryFolder();
  const path = join(folder, 'p.graft');
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', { path });
  await engine.call('datasets.generate', {
    ...{ project, name: 'cells', generator: 'cells', count: 12, sizePx: 32, seed: 1 },
  });
  await engine.close();
  return { folder, path };
}
