/** An import whose process is killed: the dataset is whole or not there, and its name is free. */
import { fork } from 'node:child_process';

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProject, openProject } from '../../../../engine/db/project.ts';
import { createEngine } from '../../../../engine/engine.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

const ENGINE = join(import.meta.dirname, '../../../../engine/engine.ts');

/** A folder of images, more than one batch of an import. */
function images(count: number): string {
  const folder = join(temporaryFolder(), 'images');
  mkdirSync(folder);
  for (let i = 0; i < count; i++) {
    const data = new Uint8Array(64).fill(i);
    writeFileSync(join(folder, `${i}.png`), encode({ width: 8, height: 8, data, channels: 1 }));
  }
  return folder;
}

describe('a dataset that is being made', () => {
  it('is gone after its process was killed, its name is free, and that is said once', async () => {
    const path = join(temporaryFolder(), 'p.graft');
    createProject(path).close();
    const script = join(temporaryFolder(), 'import.mjs');
    writeFileSync(
      script,
      `import { createEngine } from ${JSON.stringify(ENGINE)};
       const [project, folder] = process.argv.slice(2);
       const engine = createEngine({ engine: 'wasm' });
       await engine.call('project.open', { path: project });
       await engine.call('datasets.import', { project, name: 'cells', path: folder },
         { onProgress: ({ done, message }) => { if (done > 120 && message.startsWith('Importing')) process.kill(process.pid, 'SIGKILL'); } });`,
    );
    const killed = fork(script, [path, images(200)], { execArgv: [], stdio: 'inherit' });
    const signal = await new Promise((resolve) => killed.once('exit', (_, how) => resolve(how)));
    expect(signal).toBe('SIGKILL');

    const engine = createEngine({ engine: 'wasm' });
    onTestFinished(() => engine.close());
    const notices: string[] = [];
    engine.subscribe((event) => event.type === 'notice' && notices.push(event.message));
    await engine.call('project.open', { path });
    expect(notices).toEqual([expect.stringMatching(/"cells" was being made .* not whole/)]);
    expect(await engine.call('datasets.list', { project: path })).toEqual([]);
    await engine.call('datasets.import', { project: path, name: 'cells', path: images(3) });
    await engine.call('project.close', { project: path });
    await engine.call('project.open', { path });
    expect(await engine.call('datasets.list', { project: path })).toMatchObject([
      { name: 'cells', imageCount: 3 },
    ]);
    expect(notices).toHaveLength(1);
  });

  it('is seen by nobody before it is whole, and keeps its name from others', () => {
    const path = join(temporaryFolder(), 'p.graft');
    const project = createProject(path);
    const id = project.datasets.begin({ name: 'cells', origin: {}, classes: [] });
    expect(project.datasets.list()).toEqual([]);
    expect(project.datasets.get(id)).toBeUndefined();
    expect(project.datasets.isNameTaken('cells')).toBe(true);
    project.datasets.finish(id);
    expect(project.datasets.get(id)?.name).toBe('cells');
    project.close();
    const again = openProject(path);
    expect(again.interrupted).toEqual([]);
    expect(again.datasets.list()).toHaveLength(1);
    again.close();
  });
});
