/** What people expect of a program on their desktop: of its menu, its end, its notices, and of the crash log. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { Ended, UnderWay } from '../../shared/engine-news.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { cancellable } from './fake-electron.ts';
import { commands, ORIGIN, started } from './started-shell.ts';

const [IN_BACKGROUND, PAUSE, STAY] = [0, 1, 2];
const training = { project: '/data/cells.graft', kind: 'study', id: 3, name: 'first' } as const;
const study: UnderWay = { ...training, share: 0.25, secondsLeft: 7200 };
const model: UnderWay = { ...study, kind: 'model', name: 'nuclei', share: 0.75, secondsLeft: null };
const ended = (how: Ended['how'], kind: Ended['kind'] = 'study'): Ended => ({
  ...training,
  kind,
  how,
});
const nothing = { underWay: [], ended: [] };

describe('while something trains', () => {
  it('the computer stays awake and the taskbar says how far it is', async () => {
    const { says, blockers, window } = await started();
    await says({ underWay: [study, model], ended: [] });
    await says({ underWay: [{ ...study, share: 0.5 }, model], ended: [] });
    expect([...blockers.values()]).toEqual(['prevent-app-suspension']);
    expect(window().setProgressBar.mock.calls).toEqual([[0.5], [0.625]]);
    await says(nothing);
    expect(blockers.size).toBe(0);
    expect(window().setProgressBar).toHaveBeenLastCalledWith(-1);
  });

  it('nothing keeps it awake once the engine has died', async () => {
    const { says, blockers, engine, window } = await started();
    await says({ underWay: [study], ended: [] });
    engine().emit('exit', 1, null);
    expect(blockers.size).toBe(0);
    expect(window().setProgressBar).toHaveBeenLastCalledWith(-1);
  });

  it('who looks elsewhere is told when it is done or failed, and not of what was stopped by hand', async () => {
    const { says, notices, window } = await started();
    await says({ underWay: [], ended: [ended('done')] });
    expect(notices()).toEqual([]);
    window().focused = false;
    await says({
      underWay: [],
      ended: [ended('done'), ended('stopped'), ended('failed', 'model')],
    });
    expect(notices().map(({ options }) => [options.title, options.body])).toEqual([
      ['“first” is done', 'The study has its verdict.'],
      ['“first” failed', 'Graft says why, and what to do.'],
    ]);
    notices()[0]?.emit('click');
    expect(window().focus).toHaveBeenCalled();
  });
});

describe('closing the window', () => {
  it('asks nothing when nothing trains', async () => {
    const { window, fake } = await started();
    expect(window().close()).toBe(true);
    expect(fake.dialog.showMessageBox).not.toHaveBeenCalled();
  });

  it('asks what becomes of a study that runs, and stays where that is wanted', async () => {
    const { window, fake, says, answers } = await started();
    await says({ underWay: [study], ended: [] });
    answers.box = STAY;
    expect(window().close()).toBe(false);
    await vi.waitFor(() => expect(fake.dialog.showMessageBox).toHaveBeenCalled());
    const [, question] = fake.dialog.showMessageBox.mock.calls[0] ?? [];
    expect(question?.message).toBe('“first” still trains.');
    expect(question?.detail).toContain('about 2 h');
    expect(question?.buttons).toEqual(['Go on in the Background', 'Pause and Quit', 'Cancel']);
    expect(fake.app.quit).not.toHaveBeenCalled();
    expect(window().isVisible()).toBe(true);
  });

  it('pauses it: the engine saves and ends before the shell does', async () => {
    const { window, fake, says, answers, engine } = await started();
    await says({ underWay: [study], ended: [] });
    answers.box = PAUSE;
    expect(window().close()).toBe(false);
    await vi.waitFor(() => expect(fake.app.quit).toHaveBeenCalledTimes(1));
    expect(window().close()).toBe(true);
    const event = cancellable();
    fake.app.emit('will-quit', event);
    expect(event.refused).toBe(true);
    await vi.waitFor(() => expect(fake.app.quit).toHaveBeenCalledTimes(2));
    expect(engine().stdin.writableEnded).toBe(true);
  });

  it('goes on in the background until it is done, and ends then', async () => {
    const { window, fake, says, answers, notices, engine } = await started();
    await says({ underWay: [study], ended: [] });
    answers.box = IN_BACKGROUND;
    window().close();
    await vi.waitFor(() => expect(window().isVisible()).toBe(false));
    expect(notices().map(({ options }) => options.title)).toEqual([
      'Graft goes on in the background',
    ]);
    window().focused = false;
    await says({ underWay: [{ ...study, share: 0.9 }], ended: [] });
    expect(engine().stdin.writableEnded).toBe(false);
    expect(fake.app.quit).not.toHaveBeenCalled();
    await says({ underWay: [], ended: [ended('done')] });
    expect(notices().at(-1)?.options.title).toBe('“first” is done');
    expect(fake.app.quit).toHaveBeenCalledTimes(1);
    expect(window().close()).toBe(true);
  });

  it('comes back out of the background when Graft is started again, and stays', async () => {
    const { window, fake, says, answers } = await started();
    await says({ underWay: [study], ended: [] });
    answers.box = IN_BACKGROUND;
    window().close();
    await vi.waitFor(() => expect(window().isVisible()).toBe(false));
    fake.app.emit('second-instance', {}, ['graft'], '/home/someone', null);
    expect(window().isVisible()).toBe(true);
    await says(nothing);
    expect(fake.app.quit).not.toHaveBeenCalled();
  });

  it('comes back when its engine dies in the background, and stays until that trains again', async () => {
    const { window, fake, says, answers, engine } = await started();
    await says({ underWay: [study], ended: [] });
    answers.box = IN_BACKGROUND;
    window().close();
    await vi.waitFor(() => expect(window().isVisible()).toBe(false));
    engine().emit('exit', 1, null);
    expect(window().isVisible()).toBe(true);
    // The next engine has opened nothing yet.
    await says(nothing);
    expect(fake.app.quit).not.toHaveBeenCalled();
  });

  it('asks nothing of a window that is gone, while the engine still saves', async () => {
    const { window, says, fake } = await started();
    window().emit('closed');
    await says({ underWay: [study], ended: [ended('done')] });
    fake.app.emit('second-instance', {}, ['graft'], '/home/someone', null);
    expect(window().setProgressBar).not.toHaveBeenCalled();
    expect(window().focus).not.toHaveBeenCalled();
  });

  it('asks no system that shuts down, and no terminal', async () => {
    for (const how of ['shutdown', 'session', 'terminal'] as const) {
      const { window, fake, says, interrupt } = await started();
      await says({ underWay: [study], ended: [] });
      if (how === 'shutdown') fake.powerMonitor.emit('shutdown');
      else if (how === 'session') window().emit('session-end', {});
      else interrupt();
      expect(fake.app.quit).toHaveBeenCalledTimes(1);
      expect(window().close()).toBe(true);
      expect(fake.dialog.showMessageBox).not.toHaveBeenCalled();
    }
  });

  it('waits for what was drawn and is not saved, unless somebody lets it go', async () => {
    const { window, fake, answers } = await started();
    answers.box = 0;
    const waiting = cancellable();
    window().webContents.emit('will-prevent-unload', waiting);
    expect(waiting.refused).toBe(false);
    answers.box = 1;
    const leaving = cancellable();
    window().webContents.emit('will-prevent-unload', leaving);
    expect(leaving.refused).toBe(true);
    const [, question] = fake.dialog.showMessageBoxSync.mock.calls[0] ?? [];
    expect(question?.buttons).toEqual(['Wait', 'Close Without Saving']);
  });
});

describe('projects that were open lately', () => {
  const recentOf = (items: Awaited<ReturnType<typeof started>>['menu']['items']) =>
    items[0]?.submenu?.find(({ label }) => label === 'Open Recent')?.submenu ?? [];

  it('are in the menu and in the list of the system', async () => {
    const { says, menu, fake, window, ready } = await started();
    await ready();
    expect(recentOf(menu.items)).toEqual([]);
    await says({ recent: ['/data/b.graft', '/data/a.graft'] });
    expect(recentOf(menu.items).map(({ label }) => label)).toEqual(['b.graft', 'a.graft']);
    // The system's list has the last one first.
    expect(fake.app.addRecentDocument.mock.calls).toEqual([['/data/a.graft'], ['/data/b.graft']]);
    await says({ recent: ['/data/a.graft', '/data/b.graft'] });
    expect(fake.app.addRecentDocument).toHaveBeenLastCalledWith('/data/a.graft');
    fake.ipcMain.emit('graft:painted', { senderFrame: { url: `${ORIGIN}/` } });
    recentOf(menu.items)[1]?.click?.();
    expect(commands(window()).at(-1)).toEqual(['graft:command', 'open-project', '/data/b.graft']);
  });

  it('are opened when they are dropped on the icon, in a window that comes to the front', async () => {
    const { fake, window } = await started();
    const event = cancellable();
    fake.app.emit('open-file', event, '/data/b.graft');
    expect(event.refused).toBe(true);
    expect(window().focus).toHaveBeenCalled();
  });
});

it('zoom is remembered, also when the page never came', async () => {
  const first = await started();
  first.window().webContents.emit('did-finish-load');
  first.window().webContents.zoom = 2;
  first.window().close();
  const second = await started({ userData: first.userData });
  second.window().webContents.emit('did-finish-load');
  expect(second.window().webContents.zoom).toBe(2);
  // The page of an engine that was started again is zoomed as it was.
  second.window().webContents.zoom = 3;
  second.window().webContents.emit('did-finish-load');
  expect(second.window().webContents.zoom).toBe(3);
  second.window().close();
  const third = await started({ userData: first.userData });
  third.window().close();
  const fourth = await started({ userData: first.userData });
  fourth.window().webContents.emit('did-finish-load');
  expect(fourth.window().webContents.zoom).toBe(3);
});

it('the about box of the system has the versions', async () => {
  const { fake } = await started();
  expect(fake.app.setAboutPanelOptions).toHaveBeenCalledWith({
    applicationName: 'Graft',
    applicationVersion: '0.1.0',
    copyright: 'MIT licence',
    credits: 'Graft 0.1.0, Electron 1.2.3, linux',
  });
});

describe('the crash log', () => {
  it('has what died, when, with the versions and without the name of the user', async () => {
    const shell = await started();
    const { engine, fake, window, crashLog, uncaught, userData } = shell;
    engine().stderr.write(`cannot read ${userData}/secret`);
    await new Promise((resolve) => setImmediate(resolve));
    engine().emit('exit', 1, null);
    fake.app.emit('child-process-gone', {}, { type: 'GPU', reason: 'crashed', exitCode: 5 });
    fake.app.emit('child-process-gone', {}, { type: 'Utility', reason: 'clean-exit', exitCode: 0 });
    window().webContents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 9 });
    uncaught(new Error('a fault of ours'));
    const text = readFileSync(crashLog, 'utf8');
    expect(text).toContain('1970-01-01T00:00:02.500Z The engine stopped.');
    expect(text).toContain('Graft 0.1.0, Electron 1.2.3, linux\ncannot read ~/secret');
    expect(text).toContain('A process of Electron ended: GPU, crashed (5).');
    expect(text).toContain('The page crashed: oom (9).');
    expect(text).toContain('Error: a fault of ours');
    expect(text).not.toContain('Utility');
    expect(text).not.toContain(userData);
    expect(fake.dialog.showErrorBox).toHaveBeenCalledOnce();
  });

  it('is shown in its folder by the menu, also when nothing has crashed', async () => {
    const { menu, fake, crashLog } = await started();
    const help = menu.items.find(({ role }) => role === 'help');
    help?.submenu?.find(({ label }) => label === 'Show Crash Log')?.click?.();
    expect(fake.shell.showItemInFolder).toHaveBeenCalledWith(crashLog);
    expect(readFileSync(crashLog, 'utf8')).toContain('Nothing has crashed so far.');
  });

  it('does not grow without end', async () => {
    const { fake, crashLog } = await started();
    writeFileSync(crashLog, `${'old words\n'.repeat(30)}\n`.repeat(800));
    fake.app.emit('child-process-gone', {}, { type: 'GPU', reason: 'crashed', exitCode: 5 });
    const text = readFileSync(crashLog, 'utf8');
    expect(text.length).toBeLessThan(200_000);
    expect(text).toContain('GPU, crashed');
  });

  it('costs nothing where it cannot be written', async () => {
    const file = join(temporaryFolder(), 'no-folder');
    writeFileSync(file, '');
    const { fake } = await started({ userData: file });
    fake.app.emit('child-process-gone', {}, { type: 'GPU', reason: 'crashed', exitCode: 5 });
    expect(existsSync(join(file, 'crashes.log'))).toBe(false);
  });
});

it('a page that crashed is shown again, and the second time in a row only when somebody wants it', async () => {
  const { window, fake, answers, clock } = await started();
  const crash = () =>
    window().webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
  crash();
  expect(window().webContents.reload).toHaveBeenCalledTimes(1);
  clock.now += 60_000;
  crash();
  expect(window().webContents.reload).toHaveBeenCalledTimes(2);
  clock.now += 1000;
  answers.box = 1;
  crash();
  await vi.waitFor(() => expect(fake.dialog.showMessageBox).toHaveBeenCalledTimes(1));
  expect(window().webContents.reload).toHaveBeenCalledTimes(2);
  answers.box = 0;
  crash();
  await vi.waitFor(() => expect(window().webContents.reload).toHaveBeenCalledTimes(3));
});
