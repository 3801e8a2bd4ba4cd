/** Keys on keyboards that have signs and digits elsewhere. What each place types is that of the layouts of Windows. */
import { describe, expect, it } from 'vitest';
import { ACTION_IDS, type ActionId } from '../../../renderer/keys/actions.ts';
import { KeyBindings } from '../../../renderer/keys/bindings.svelte.ts';
import { Keyboard } from '../../../renderer/keys/keyboard.svelte.ts';
import { Rebinding } from '../../../renderer/keys/rebinding.svelte.ts';
import { Commands } from '../../../renderer/state/commands.svelte.ts';
import { windowEngine } from '../window-engine.ts';
import { press } from './press.ts';

/** What keys type without Shift, where it differs from the keyboard that names are written for. */
const LAYOUTS = {
  us: {},
  russian: {
    BracketLeft: 'х',
    BracketRight: 'ъ',
    Comma: 'б',
    Period: 'ю',
    Slash: '.',
    KeyB: 'и',
    KeyZ: 'я',
  },
  azerty: {
    Digit1: '&',
    Digit2: 'é',
    Digit6: '-',
    Digit0: 'à',
    Minus: ')',
    BracketLeft: '^',
    BracketRight: '$',
    Comma: ';',
    Period: ':',
    Slash: '!',
    KeyM: ',',
    KeyQ: 'a',
    KeyA: 'q',
    KeyW: 'z',
    KeyZ: 'w',
    Semicolon: 'm',
  },
  czech: {
    Digit1: '+',
    Digit2: 'ě',
    Digit6: 'ž',
    Digit0: 'é',
    Minus: '=',
    Equal: '´',
    BracketLeft: 'ú',
    BracketRight: ')',
    Slash: '-',
    KeyY: 'z',
    KeyZ: 'y',
  },
  german: {
    Equal: 'Dead',
    BracketLeft: 'ü',
    BracketRight: '+',
    Minus: 'ß',
    Slash: '-',
    Semicolon: 'ö',
    Quote: 'ä',
    KeyY: 'z',
    KeyZ: 'y',
  },
  hebrew: {
    KeyQ: '/',
    KeyB: 'נ',
    Comma: 'ת',
    Period: 'ץ',
    Slash: '.',
    BracketLeft: ']',
    BracketRight: '[',
  },
} as const satisfies Record<string, Record<string, string>>;
type LayoutName = keyof typeof LAYOUTS;

const CODES = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').map((letter) => `Key${letter}`),
  ...'0123456789'.split('').map((digit) => `Digit${digit}`),
];
const SIGNS = {
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Comma: ',',
  Period: '.',
  Slash: '/',
};

function layoutMap(name: LayoutName): Map<string, string> {
  const plain = CODES.map((code): [string, string] => [code, (code.at(-1) ?? '').toLowerCase()]);
  return new Map([...plain, ...Object.entries(SIGNS), ...Object.entries(LAYOUTS[name])]);
}

async function setUp(name: LayoutName, { known = true } = {}) {
  const map = layoutMap(name);
  const keyboard = new Keyboard({
    userAgent: '',
    ...(known ? { keyboard: { getLayoutMap: () => Promise.resolve(map) } } : {}),
  });
  await keyboard.load();
  const { api } = await windowEngine();
  const keys = new KeyBindings(api, keyboard);
  await keys.load();
  const at = (code: string, options: Parameters<typeof press>[1] = {}) =>
    press(map.get(code) ?? '', { code, ...options });
  return { keyboard, keys, at, actionAt: (code: string) => keys.actionOf(at(code)) };
}

const BY_PLACE: Readonly<Record<string, ActionId>> = {
  BracketLeft: 'size.smaller',
  BracketRight: 'size.larger',
  Comma: 'class.previous',
  Period: 'class.next',
  Digit0: 'class.0',
  Digit1: 'class.1',
  Digit2: 'class.2',
  Digit6: 'class.6',
  KeyB: 'tool.brush',
};

describe.each(['us', 'russian', 'azerty', 'czech', 'german'] as const)(
  'on a keyboard that is %s',
  (name) => {
    it('brackets, digits, comma and full stop do what they do everywhere', async () => {
      const { actionAt } = await setUp(name);
      const found = Object.keys(BY_PLACE).map((code) => [code, actionAt(code)]);
      expect(Object.fromEntries(found)).toEqual(BY_PLACE);
    });
  },
);

describe('what a key types comes before its place', () => {
  it.each<[LayoutName, string, ActionId]>([
    ['german', 'Equal', 'view.zoomIn'],
    ['german', 'Slash', 'view.zoomOut'],
    ['czech', 'Minus', 'view.zoomIn'],
    ['azerty', 'KeyM', 'class.previous'],
    ['azerty', 'KeyQ', 'image.previous'],
    ['hebrew', 'BracketLeft', 'size.larger'],
    ['hebrew', 'KeyB', 'tool.brush'],
    ['hebrew', 'KeyQ', 'view.close'],
    ['russian', 'Slash', 'class.next'],
  ])('%s: %s', async (name, code, action) => {
    expect((await setUp(name)).actionAt(code)).toBe(action);
  });

  it('and Shift goes along: ten steps, and the digits of a French keyboard', async () => {
    const russian = await setUp('russian');
    const shift = { shiftKey: true };
    expect(russian.keys.actionOf(press('Х', { code: 'BracketLeft', ...shift }))).toBe(
      'size.muchSmaller',
    );
    const azerty = await setUp('azerty');
    expect(azerty.keys.actionOf(press('£', { code: 'BracketRight', ...shift }))).toBe(
      'size.muchLarger',
    );
    expect(azerty.keys.actionOf(press('Dead', { code: 'BracketLeft', ...shift }))).toBe(
      'size.muchSmaller',
    );
    expect(azerty.keys.actionOf(press('1', { code: 'Digit1', ...shift }))).toBe('class.1');
    expect(azerty.keys.actionOf(press('?', { code: 'Comma', ...shift }))).toBe('keys.show');
    expect(azerty.keys.actionOf(press('.', { code: 'Comma', ...shift }))).toBe('class.next');
  });
});

describe('on a German keyboard', () => {
  it('plus makes larger where it stands beside Ü, and zooms in on the number pad; AltGr types a bracket', async () => {
    const { keys, at } = await setUp('german');
    expect(keys.actionOf(at('BracketRight'))).toBe('size.larger');
    expect(keys.actionOf(press('*', { code: 'BracketRight', shiftKey: true }))).toBe(
      'size.muchLarger',
    );
    expect(keys.actionOf(press('+', { code: 'NumpadAdd' }))).toBe('view.zoomIn');
    const altGr = { ctrlKey: true, altKey: true, getModifierState: () => true };
    expect(keys.actionOf({ ...press(']', { code: 'Digit9' }), ...altGr })).toBe('size.larger');
  });
});

describe('the list of keys shows what is printed', () => {
  it.each<[LayoutName, ActionId, string]>([
    ['us', 'size.smaller', '['],
    ['russian', 'size.smaller', 'Х'],
    ['russian', 'size.muchLarger', 'Shift Ъ'],
    ['russian', 'history.undo', 'Ctrl Я'],
    ['russian', 'class.next', '.'],
    ['azerty', 'size.larger', '$'],
    ['azerty', 'class.previous', ','],
    ['azerty', 'class.next', ':'],
    ['azerty', 'class.1', '1'],
    ['azerty', 'view.zoomOut', ')'],
    ['azerty', 'history.undo', 'Ctrl Z'],
    ['czech', 'class.1', '1'],
    ['czech', 'size.smaller', 'Ú'],
    ['german', 'size.smaller', 'Ü'],
    ['german', 'size.larger', '+'],
    ['german', 'size.muchLarger', 'Shift +'],
    ['german', 'keys.show', '?'],
    ['hebrew', 'size.larger', ']'],
  ])('%s: %s is %s', async (name, action, label) => {
    expect((await setUp(name)).keys.hint(action)).toBe(label);
  });

  it('and the names themselves where the browser does not tell', async () => {
    const { keys } = await setUp('russian', { known: false });
    expect([keys.hint('size.smaller'), keys.hint('history.undo')]).toEqual(['[', 'Ctrl Z']);
  });

  it('every key that is shown does what it is shown for', async () => {
    for (const name of ['us', 'russian', 'azerty', 'czech', 'hebrew'] as const) {
      const { keys, at } = await setUp(name);
      const map = layoutMap(name);
      for (const action of ACTION_IDS) {
        for (const chord of keys.map.keysOf(action)) {
          const [label = '', ...rest] = keys.read(chord);
          // The row of digits is digits; what else it types is on other keys too, or on the number pad.
          const code = [...map].find(
            ([place, typed]) =>
              typed.toUpperCase() === label && place.startsWith('Digit') === /^\d$/.test(label),
          )?.[0];
          if (rest.length > 0 || code === undefined) continue;
          expect([name, chord, keys.actionOf(at(code))]).toEqual([name, chord, action]);
        }
      }
    }
  });
});

describe('giving an action another key', () => {
  const start = async (name: LayoutName, action: ActionId) => {
    const set = await setUp(name);
    const trouble: unknown[] = [];
    const rebinding = new Rebinding({
      keys: set.keys,
      ownerOf: () => null,
      onError: (error) => trouble.push(error),
    });
    rebinding.start(action);
    // Only what a press says of itself is looked at.
    const take = (event: ReturnType<typeof press>) =>
      rebinding.take(Object.assign(new Event('keydown'), event) as unknown as KeyboardEvent);
    return { ...set, rebinding, take, trouble };
  };

  it('keeps it for other layouts: a key that types Cyrillic is kept by its place', async () => {
    const { keys, take, at } = await start('russian', 'tool.lasso');
    take(at('KeyJ', { key: 'о' }));
    expect(keys.map.keysOf('tool.lasso')).toEqual(['J']);
    expect(keys.actionOf(press('о', { code: 'KeyJ' }))).toBe('tool.lasso');
    expect(keys.actionOf(press('j', { code: 'KeyJ' }))).toBe('tool.lasso');
  });

  it('warns of who has it by its place, and lets the user decide', async () => {
    const { keys, rebinding, take, at } = await start('azerty', 'tool.lasso');
    take(at('Comma'));
    expect(rebinding.conflict).toEqual({
      action: 'tool.lasso',
      chord: ';',
      holder: 'class.previous',
    });
    expect(keys.map.keysOf('tool.lasso')).toEqual(['L']);
    rebinding.give();
    expect(rebinding.conflict).toBeNull();
    expect(keys.actionOf(at('Comma'))).toBe('tool.lasso');
    // Its own comma stays where it is typed.
    expect(keys.actionOf(at('KeyM'))).toBe('class.previous');
  });

  it('digits are digits there too', async () => {
    const { keys, rebinding, take, at } = await start('czech', 'tool.lasso');
    take(at('Digit1'));
    expect(rebinding.conflict).toMatchObject({ chord: '1', holder: 'class.1' });
    rebinding.stop();
    expect(keys.map.keysOf('tool.lasso')).toEqual(['L']);
  });
});

it('the window’s own keys are found by place as well, Ctrl+1 and Ctrl+K', async () => {
  const { keyboard } = await setUp('azerty');
  const commands = new Commands(keyboard);
  const done: string[] = [];
  for (const keys of ['Mod+1', 'Mod+K', '?']) {
    commands.add([{ id: keys, title: keys, group: '', keys, run: () => done.push(keys) }]);
  }
  const send = (key: string, code: string, options: Parameters<typeof press>[1] = {}) =>
    commands.handleKey(
      Object.assign(
        new Event('keydown'),
        press(key, { code, ...options }),
      ) as unknown as KeyboardEvent,
    );
  send('&', 'Digit1', { ctrlKey: true });
  send('л', 'KeyK', { ctrlKey: true });
  send('?', 'Comma', { shiftKey: true });
  send('k', 'KeyK');
  expect(done).toEqual(['Mod+1', 'Mod+K', '?']);
});
