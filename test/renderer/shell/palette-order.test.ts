import { describe, expect, it } from 'vitest';
import { type Listed, listCommands } from '../../../renderer/shell/palette-order.ts';

const command = (title: string, group: string, whenAsked = false): Listed => ({
  title,
  group,
  whenAsked,
});

const COMMANDS = [
  command('New project …', 'Do'),
  command('Go to Library', 'Go'),
  command('Import images …', 'Do'),
  command('Export …', 'Dataset'),
  command('Cancel: Random start · 8 labels · seed 1', 'Runs', true),
  command('Cancel: Random start · 8 labels · seed 2', 'Runs', true),
];
const titles = (text: string) =>
  listCommands(COMMANDS, text).flatMap(({ commands }) => commands.map(({ title }) => title));

describe('the palette', () => {
  it('lists everything but the many of a kind before anything is typed, under one heading each', () => {
    expect(listCommands(COMMANDS, ' ').map(({ name }) => name)).toEqual(['Do', 'Go', 'Dataset']);
    expect(titles('')).toEqual(['New project …', 'Import images …', 'Go to Library', 'Export …']);
  });

  it('puts the best match first, whatever its heading', () => {
    expect(titles('export')[0]).toBe('Export …');
    expect(titles('impim')[0]).toBe('Import images …');
    expect(titles('library')[0]).toBe('Go to Library');
  });

  it('tells the many of a kind apart by letters from their ends', () => {
    expect(titles('cancel seed 2')[0]).toContain('seed 2');
    expect(titles('cancel')).toHaveLength(2);
  });

  it('finds a command by its heading, and nothing where letters are missing', () => {
    expect(titles('dataset')).toEqual(['Export …']);
    expect(titles('zzz')).toEqual([]);
  });
});
