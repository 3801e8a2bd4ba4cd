import { describe, expect, it } from 'vitest';
import { type Box, neighbour } from '../../../renderer/ui/direction.ts';

const box = (left: number, top: number, width = 30, height = 20): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

describe('keys in a list of buttons', () => {
  const list = [box(0, 0, 200), box(0, 24, 200), box(0, 48, 200)];
  it('lead up and down, and to both ends', () => {
    expect(neighbour(list, 0, 'ArrowDown')).toBe(1);
    expect(neighbour(list, 2, 'ArrowUp')).toBe(1);
    expect(neighbour(list, 1, 'Home')).toBe(0);
    expect(neighbour(list, 1, 'End')).toBe(2);
  });
  it('lead nowhere beyond the ends, sideways, or by other keys', () => {
    expect(neighbour(list, 0, 'ArrowUp')).toBeNull();
    expect(neighbour(list, 2, 'ArrowDown')).toBeNull();
    expect(neighbour(list, 1, 'ArrowRight')).toBeNull();
    expect(neighbour(list, 1, 'a')).toBeNull();
    expect(neighbour(list, -1, 'ArrowDown')).toBeNull();
  });
});

describe('keys in a table of buttons', () => {
  // The second row has a hole in its first column; the third is one wide button.
  const table = [box(0, 0), box(40, 0), box(80, 0), box(40, 24), box(80, 24), box(0, 48, 110)];
  it('lead along a row', () => {
    expect(neighbour(table, 0, 'ArrowRight')).toBe(1);
    expect(neighbour(table, 2, 'ArrowLeft')).toBe(1);
    expect(neighbour(table, 2, 'ArrowRight')).toBeNull();
  });
  it('lead to what is nearest in the next row', () => {
    expect(neighbour(table, 2, 'ArrowDown')).toBe(4);
    expect(neighbour(table, 0, 'ArrowDown')).toBe(3);
    expect(neighbour(table, 4, 'ArrowDown')).toBe(5);
    expect(neighbour(table, 5, 'ArrowUp')).toBe(3);
  });
});
