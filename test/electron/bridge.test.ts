import { expect, it, vi } from 'vitest';
import { type BridgeApi, bridgeTo } from '../../electron/bridge.ts';
import { CHANNELS } from '../../electron/channels.ts';

/** Of the page's process, held against what the bridge uses without a cast. */
function fakeRenderer() {
  type Listener = Parameters<BridgeApi['ipcRenderer']['on']>[1];
  const listeners = new Map<string, Set<Listener>>();
  const of = (channel: string): Set<Listener> => {
    const found = listeners.get(channel) ?? new Set();
    listeners.set(channel, found);
    return found;
  };
  const fake = {
    ipcRenderer: {
      invoke: vi.fn((_channel: string, _request: unknown) => Promise.resolve('/data/a.graft')),
      send: vi.fn((_channel: string) => undefined),
      on: (channel: string, listener: Listener) => of(channel).add(listener),
      off: (channel: string, listener: Listener) => of(channel).delete(listener),
    },
    webUtils: { getPathForFile: (file: File) => `/home/someone/${file.name}` },
  };
  const api: BridgeApi = fake;
  const tell = (command: string, argument: string | null) => {
    for (const listener of of(CHANNELS.command)) listener({}, command, argument);
  };
  return { api, fake, tell };
}

it('carries what the page asks of the shell, and what the shell tells the page', async () => {
  const { api, fake, tell } = fakeRenderer();
  const bridge = bridgeTo(api);
  const request = { mode: 'open-file', title: 'Open', verb: 'Open' } as const;
  expect(await bridge.pickPath(request)).toBe('/data/a.graft');
  expect(fake.ipcRenderer.invoke).toHaveBeenCalledWith(CHANNELS.pickPath, request);
  expect(bridge.pathOf(new File([], 'a.png'))).toBe('/home/someone/a.png');
  bridge.painted();
  expect(fake.ipcRenderer.send).toHaveBeenCalledWith(CHANNELS.painted);
  const told: unknown[] = [];
  const stop = bridge.onCommand((...command) => told.push(command));
  tell('open-project', '/data/b.graft');
  stop();
  tell('help', null);
  expect(told).toEqual([['open-project', '/data/b.graft']]);
});
