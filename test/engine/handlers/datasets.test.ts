import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RECEIVED_FILES } from '../../../engine/data/temporary-folder.ts';
import { createEngine } from '../../../engine/engine.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

it('links no originals that go when Graft closes', async () => {
  const engine = createEngine({ engine: 'wasm' });
  onTestFinished(() => engine.close());
  const project = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path: project });
  const path = join(`${RECEIVED_FILES}abc`, 'batch');
  const received = { project, name: 'received', path } as const;
  await expect(engine.call('datasets.import', { ...received, link: true })).rejects.toMatchObject({
    code: 'invalid-input',
    subject: path,
  });
  // Copied, they are looked for like any others.
  await expect(engine.call('datasets.import', { ...received, link: false })).rejects.toThrow(
    'does not exist',
  );
  expect(await engine.call('datasets.list', { project })).toEqual([]);
});
