import { describe, expect, test } from 'vitest';
import { ACTION_IDS } from '../../../renderer/keys/actions.ts';
import { chordKeys, chordsOf, type KeyPress } from '../../../renderer/keys/chord.ts';
import { keyMap, rebind } from '../../../renderer/keys/key-map.ts';
import { PRESETS } from '../../../renderer/keys/presets.ts';
import { press } from './press.ts';

const GRAFT = { preset: 'graft', rebound: {} };

const pc = { isMac: false };

describe('names of key presses', () => {
  test.each<[string, KeyPress, string[]]>([
    ['a letter', press('b'), ['B']],
    ['a letter under caps lock', press('B'), ['B']],
    ['with Shift', press('D', { shiftKey: true }), ['Shift+D']],
    ['with Control', press('z', { ctrlKey: true }), ['Mod+Z']],
    ['redo', press('Z', { ctrlKey: true, shiftKey: true }), ['Mod+Shift+Z']],
    ['an arrow', press('ArrowLeft', { shiftKey: true }), ['Shift+ArrowLeft']],
    ['space', press(' '), ['Space']],
    ['a sign', press('?', { shiftKey: true, code: 'Slash' }), ['?', 'Shift+/']],
    ['a bracket with Shift', press('{', { shiftKey: true, code: 'BracketLeft' }), ['{', 'Shift+[']],
    ['a digit with Shift', press('!', { shiftKey: true, code: 'Digit1' }), ['!', 'Shift+1']],
    [
      'a bracket typed with AltGr',
      press('[', { ctrlKey: true, altKey: true, altGraph: true }),
      ['['],
    ],
    ['a letter that is not Latin', press('и', { code: 'KeyB' }), ['И', 'B']],
    ['a Latin letter elsewhere on the keyboard', press('b', { code: 'KeyN' }), ['B']],
    ['an accent that waits for its letter', press('Dead', { code: 'BracketLeft' }), ['[']],
    ['a key for an input method', press('Process', { code: 'KeyB' }), ['B']],
    ['a letter typed with AltGr', press('ą', { code: 'KeyA', altGraph: true }), ['Ą']],
    ['a modifier alone', press('Control', { ctrlKey: true }), []],
  ])('%s', (_, event, names) => {
    expect(chordsOf(event, pc)).toEqual(names);
  });

  test('Command is Mod on a Mac, and Control is not', () => {
    expect(chordsOf(press('z', { metaKey: true }), { isMac: true })).toEqual(['Mod+Z']);
    expect(chordsOf(press('z', { ctrlKey: true }), { isMac: true })).toEqual(['Z']);
  });

  test('are read key by key', () => {
    expect(chordKeys('Mod+Shift+Z', pc)).toEqual(['Ctrl', 'Shift', 'Z']);
    expect(chordKeys('Mod++', pc)).toEqual(['Ctrl', '+']);
    expect(chordKeys('+', pc)).toEqual(['+']);
    expect(chordKeys('ArrowLeft', { isMac: true })).toEqual(['←']);
  });
});

describe('the key map', () => {
  test('has the keys that people of this trade know', () => {
    const { actionOf } = keyMap(GRAFT);
    const expected = {
      B: 'tool.brush',
      E: 'tool.eraser',
      P: 'tool.polygon',
      L: 'tool.lasso',
      W: 'tool.wand',
      F: 'tool.fill',
      X: 'class.swap',
      I: 'class.ignore',
      H: 'labels.hide',
      '0': 'class.0',
      '9': 'class.9',
      '[': 'size.smaller',
      'Shift+]': 'size.muchLarger',
      'Mod+Z': 'history.undo',
      'Mod+Shift+Z': 'history.redo',
      'Mod+Y': 'history.redo',
      A: 'image.previous',
      ArrowRight: 'image.next',
      Enter: 'prediction.accept',
      Space: 'view.pan',
      '?': 'keys.show',
    };
    for (const [chord, action] of Object.entries(expected)) expect(actionOf(chord)).toBe(action);
  });

  test.each(PRESETS)('the preset $name has no conflicts', ({ name }) => {
    expect(keyMap({ preset: name, rebound: {} }).conflicts).toEqual([]);
  });

  test('every action but some of the digits has a key in every preset', () => {
    for (const { name } of PRESETS) {
      const map = keyMap({ preset: name, rebound: {} });
      const without = ACTION_IDS.filter((id) => map.keysOf(id).length === 0);
      expect(without.filter((id) => !/^class\.\d$/.test(id))).toEqual([]);
    }
  });

  test('a conflict in stored settings is reported, and the first action gets the key', () => {
    const map = keyMap({ preset: 'graft', rebound: { 'tool.lasso': ['B'] } });
    expect(map.conflicts).toEqual([{ chord: 'B', actions: ['tool.brush', 'tool.lasso'] }]);
    expect(map.actionOf('B')).toBe('tool.brush');
  });

  test('rebinding takes a key from whoever has it', () => {
    const choice = rebind(GRAFT, 'tool.lasso', ['B', 'L']);
    const map = keyMap(choice);
    expect(map.actionOf('B')).toBe('tool.lasso');
    expect(map.keysOf('tool.brush')).toEqual([]);
    expect(map.conflicts).toEqual([]);
  });

  test('settings of another version are no trouble', () => {
    const map = keyMap({ preset: 'gone', rebound: { 'tool.laser': ['J'] } });
    expect(map.actionOf('J')).toBeUndefined();
    expect(map.actionOf('B')).toBe('tool.brush');
  });
});
