/** That what the shell uses of Electron is held against electron.d.ts, and the stand-in against what the shell uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as electron from 'electron';
import { expect, it } from 'vitest';
import type { AppEvents, ElectronApi } from '../../electron/electron-api.ts';
import type { fakeElectron } from './fake-electron.ts';

type Fits<Whole> = Whole extends ElectronApi ? true : false;
type Fake = ReturnType<typeof fakeElectron>['fake'];
/** As a later one might be: without this, or with another kind of it. */
type Without<Whole, Name extends keyof Whole> = Omit<Whole, Name>;
type With<Whole, Name extends keyof Whole, Kind> = Omit<Whole, Name> & { [N in Name]: Kind };

it('holds Electron itself and the stand-in against one list, by the compiler', () => {
  const electronFits: Fits<typeof electron> = true;
  const fakeFits: Fits<Fake> = true;
  expect([electronFits, fakeFits]).toEqual([true, true]);
});

it('breaks the build where Electron, or the stand-in, is otherwise', () => {
  const gone: Fits<Without<typeof electron, 'powerSaveBlocker'>> = false;
  const asksForMore: Fits<
    With<typeof electron, 'shell', { showItemInFolder(path: string, why: number): void }>
  > = false;
  const answersOtherwise: Fits<
    With<typeof electron, 'screen', { getAllDisplays(): Promise<electron.Display[]> }>
  > = false;
  type Renamed = Omit<electron.App, 'on'> & {
    on(event: 'another-instance', listener: (event: electron.Event) => void): unknown;
  };
  const otherEvent: Fits<With<typeof electron, 'app', Renamed>> = false;
  type Fewer = Omit<electron.App, 'on'> & {
    on(event: keyof AppEvents, listener: (event: electron.Event, more: number) => void): unknown;
  };
  const otherArguments: Fits<With<typeof electron, 'app', Fewer>> = false;
  const fakeLacks: Fits<Without<Fake, 'Notification'>> = false;
  const fakeTakesOther: Fits<With<Fake, 'shell', { showItemInFolder(path: number): void }>> = false;
  expect([
    gone,
    asksForMore,
    answersOtherwise,
    otherEvent,
    otherArguments,
    fakeLacks,
    fakeTakesOther,
  ]).toEqual(Array<boolean>(7).fill(false));
});

it('has no way around the list: Electron is imported where it starts, and cast nowhere', () => {
  const folder = join(import.meta.dirname, '..', '..', 'electron');
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const values = text.match(/^import (?!type\b).* from 'electron';$/gm) ?? [];
    expect(values.length, name).toBe(name === 'main.ts' || name === 'preload.ts' ? 1 : 0);
  }
  for (const file of [
    join(import.meta.dirname, 'fake-electron.ts'),
    join(folder, 'main.ts'),
    join(folder, 'boot.ts'),
  ]) {
    expect(readFileSync(file, 'utf8')).not.toMatch(/as unknown|as any|ts-expect-error|ts-ignore/);
  }
});
