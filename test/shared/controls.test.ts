import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { inWindow } from '../../shared/controls.ts';

it('names the control where the engine names the flag', () => {
  expect(inWindow('(a mask that holds for all of them: --one-mask every)')).toBe(
    '(a mask that holds for all of them: “Belongs to every page” under “One mask for several pages”)',
  );
  expect(inWindow('map the value (--map 7=1 or 7=ignore).')).toBe(
    'map the value (“Becomes” beside the value).',
  );
  expect(inWindow('Let it see 4 (--channels 4).')).toBe('Let it see 4 (“Sees”: 4).');
  expect(inWindow('or choose another one (About Graft, or --adapter).')).toBe(
    'or choose another one (About Graft).',
  );
  expect(inWindow('nothing of the kind')).toBe('nothing of the kind');
});

const root = join(import.meta.dirname, '../..');
/** Of files that say things to people; what belongs to the command line alone is engine/cli. */
const sources = [
  'engine/data',
  'engine/handlers',
  'engine/study/planning',
  'engine/training',
  'shared',
]
  .flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' }).map((f) => join(dir, f)),
  )
  .filter(
    (file) => file.endsWith('.ts') && !file.includes('chart') && !file.endsWith('controls.ts'),
  );

it('knows every flag that a message of the engine names', () => {
  const flagged = sources.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      // The flags of alternatives stand beside buttons in the window.
      .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line) && !line.includes('flag: `'))
      .flatMap((line) => /.{0,40}[ (]--[a-z].*/.exec(line)?.[0] ?? []),
  );
  expect(flagged.length).toBeGreaterThan(5);
  const unknown = flagged.map((text) => inWindow(text.replaceAll(/\$\{[^}]*\}/g, '1')));
  expect(unknown.filter((text) => / --[a-z]|\(--[a-z]/.test(text))).toEqual([]);
});
