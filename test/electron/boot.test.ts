import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CHANNELS } from '../../electron/channels.ts';
import { cancellable, FakeWindow } from './fake-electron.ts';
import { commands, ORIGIN, pageOf, started } from './started-shell.ts';

describe('the Electron shell', () => {
  it('shows the engine’s page in a sandboxed window without Node', async () => {
    const { window, opened, ready } = await started();
    // Whoever started the shell waits for that.
    expect(opened).toEqual([1]);
    await ready();
    expect(window().webContents.url).toBe(`${ORIGIN}/launch?token=t`);
    expect(window().options['webPreferences']).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      preload: '/app/preload.cjs',
    });
  });

  it('leaves to the Graft that is already open', async () => {
    const { fake } = await started({ onlyInstance: false });
    expect(fake.app.quit).toHaveBeenCalled();
    expect(FakeWindow.all).toEqual([]);
  });

  it('goes nowhere else, opens nothing but the report, and grants no permission', async () => {
    const { window, ready, permissions } = await started();
    await ready();
    const away = cancellable();
    window().webContents.emit('will-navigate', away, 'https://evil.example/');
    expect(away.refused).toBe(true);
    const within = cancellable();
    window().webContents.emit('will-navigate', within, `${ORIGIN}/#/library`);
    expect(within.refused).toBe(false);

    const open = window().webContents.openHandler;
    expect(open?.({ url: 'https://evil.example/' })).toEqual({ action: 'deny' });
    expect(FakeWindow.all).toHaveLength(1);
    expect(open?.({ url: `${ORIGIN}/report?study=1` })).toEqual({ action: 'deny' });
    expect(FakeWindow.all).toHaveLength(2);
    expect(FakeWindow.all[1]?.options['webPreferences']).toMatchObject({ sandbox: true });

    const answers: boolean[] = [];
    permissions.request?.(null, 'media', (granted) => answers.push(granted));
    expect(answers).toEqual([false]);
    expect(permissions.check?.()).toBe(false);
  });

  it('opens project files of its arguments, of the system and of a second start, once the page is there', async () => {
    const { fake, window, ready } = await started({ args: ['--flag', 'cells.graft'] });
    fake.app.emit('open-file', cancellable(), '/data/b.graft');
    await ready();
    expect(commands(window())).toEqual([]);
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    expect(commands(window())).toEqual([
      [CHANNELS.command, 'open-project', '/home/someone/cells.graft'],
      [CHANNELS.command, 'open-project', '/data/b.graft'],
    ]);
    fake.app.emit('second-instance', {}, ['graft', 'c.graft'], '/mnt', { version: '0.1.0' });
    expect(commands(window()).at(-1)).toEqual([CHANNELS.command, 'open-project', '/mnt/c.graft']);
    expect(window().focus).toHaveBeenCalled();
    expect(fake.app.addRecentDocument).toHaveBeenCalledWith('/mnt/c.graft');
  });

  it('says so where another version is started beside it, and opens nothing for that', async () => {
    const { fake, window, ready } = await started();
    await ready();
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    const args = ['graft', 'newer.graft'];
    fake.app.emit('second-instance', {}, args, '/mnt', { version: '0.2.0' });
    expect(fake.dialog.showErrorBox).toHaveBeenCalledExactlyOnceWith(
      'Graft 0.2.0 was not started',
      'Graft 0.1.0 is open, and there is one Graft at a time. Close it, then start Graft 0.2.0 again.',
    );
    expect(commands(window())).toEqual([]);
    expect(fake.app.told).toEqual({ version: '0.1.0' });
  });

  it('comes back to the same view with a notice after the engine died', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { fake, engine, window, ready } = await started().finally(() => vi.useRealTimers());
    await ready();
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    window().webContents.url = `${ORIGIN}/#/studies/3`;
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    engine().emit('exit', 1, null);
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    engine().stdout.write('{"url":"http://127.0.0.1:4001/launch?token=u"}\n');
    await vi.waitFor(() =>
      expect(window().webContents.url).toBe('http://127.0.0.1:4001/launch?token=u#/studies/3'),
    );
    await vi.waitFor(() =>
      expect(commands(window())).toEqual([[CHANNELS.command, 'engine-restarted', null]]),
    );
    // What is opened meanwhile waits for the new page.
    fake.app.emit('open-file', cancellable(), '/data/b.graft');
    expect(commands(window())).toHaveLength(1);
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    expect(commands(window()).at(-1)).toEqual([CHANNELS.command, 'open-project', '/data/b.graft']);
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    expect(commands(window())).toHaveLength(2);
  });

  it('leaves the page alone when the engine came back where it was', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { engine, window, ready } = await started().finally(() => vi.useRealTimers());
    await ready();
    window().webContents.url = `${ORIGIN}/#/annotate/1/2`;
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    engine().emit('exit', null, 'SIGKILL');
    await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    engine().stdout.write(`{"url":"${ORIGIN}/launch?token=u"}\n`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(window().webContents.url).toBe(`${ORIGIN}/#/annotate/1/2`);
    expect(commands(window())).toEqual([]);
  });

  it('waits with quitting until the engine has ended', async () => {
    const { fake, engine } = await started();
    const event = cancellable();
    fake.app.emit('will-quit', event);
    expect(event.refused).toBe(true);
    expect(engine().stdin.writableEnded).toBe(true);
    await vi.waitFor(() => expect(fake.app.quit).toHaveBeenCalled());
    const again = cancellable();
    fake.app.emit('will-quit', again);
    expect(again.refused).toBe(false);
  });

  it('remembers where the window was', async () => {
    const { window, userData } = await started();
    expect(window().close()).toBe(true);
    const file = join(userData, 'window.json');
    expect(existsSync(file)).toBe(true);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      x: 10,
      y: 20,
      width: 1200,
      height: 800,
      maximized: false,
      zoom: 0,
    });
  });

  it('prints one line and quits in the smoke test', async () => {
    const { fake, lines, ready, window } = await started({
      args: ['--smoke'],
      onlyInstance: false,
    });
    await ready();
    expect(lines).toEqual([]);
    fake.ipcMain.emit(CHANNELS.painted, pageOf(window()));
    expect(lines).toEqual(['{"ready_ms":1500,"shell":"electron","reason":null}']);
    expect(fake.app.quit).toHaveBeenCalled();
  });
});

describe('choosing a path in the Electron shell', () => {
  const request = { mode: 'open-folder', title: 'Import from', verb: 'Choose' };
  const from = (url: string) => ({ senderFrame: { url } });

  it('asks the system’s dialog for the page', async () => {
    const { fake, handlers, ready } = await started();
    await ready();
    const pick = handlers.get(CHANNELS.pickPath);
    expect(await pick?.(from(`${ORIGIN}/#/library`), request)).toBe('/data/in');
    expect(fake.dialog.showOpenDialog).toHaveBeenCalledWith(
      expect.anything(),
      expect.objectContaining({ properties: ['openDirectory', 'createDirectory'] }),
    );
    const save = { ...request, mode: 'save-file', fileName: 'a.graft', extensions: ['graft'] };
    expect(await pick?.(from(`${ORIGIN}/`), save)).toBeNull();
  });

  it('refuses another page, and a question that makes no sense', async () => {
    const { handlers, ready } = await started();
    await ready();
    const pick = handlers.get(CHANNELS.pickPath);
    await expect(pick?.(from('https://evil.example/'), request)).rejects.toThrow(/may not ask/);
    await expect(pick?.(from(`${ORIGIN}/`), { mode: 'format-disk' })).rejects.toThrow(/mode/);
  });
});
