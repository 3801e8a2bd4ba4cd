import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sharedInWords, useCard } from '../../../../engine/training/webgpu/card-users.ts';
import { temporaryFolder } from '../../../fixtures/projects.ts';

/** Above all numbers that systems give. */
const ENDED = 2 ** 30;

it('tells who shares a card, knows who has ended, and leaves nothing', () => {
  const folder = temporaryFolder();
  const other = process.ppid;
  writeFileSync(join(folder, String(other)), 'card A');
  writeFileSync(join(folder, String(ENDED)), 'card A');

  const shared = useCard('card A', folder);
  expect(shared.others).toEqual([other]);
  expect(existsSync(join(folder, String(ENDED)))).toBe(false);
  expect(sharedInWords('card A', shared.others)).toContain('both are slower');
  shared.end();
  expect(existsSync(join(folder, String(process.pid)))).toBe(false);

  const alone = useCard('card B', folder);
  expect(alone.others).toEqual([]);
  expect(sharedInWords('card B', alone.others)).toBe(null);
  alone.end();
});

it('says nothing where it cannot write', () => {
  const file = join(temporaryFolder(), 'no folder');
  writeFileSync(file, '');
  const use = useCard('card', join(file, 'below'));
  expect(use.others).toEqual([]);
  use.end();
});
