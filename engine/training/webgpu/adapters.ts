/**
 * Which graphics cards this computer has: asked in a process of its own, since a broken driver ends the process that loads
 * it. What has crashed once is left alone until somebody asks anew or the versions change.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { GRAFT_VERSION } from '../../version.ts';
import { isSwitchedOff } from './card.ts';
import { AdapterAnswer, type FoundAdapter } from './messages.ts';

const PROCESS = join(import.meta.dirname, 'adapters-process.ts');
/** Drivers that wake a sleeping card take seconds. */
const PATIENCE_MS = 20_000;
const TAIL_CHARACTERS = 500;

export interface AdapterSearch {
  readonly adapters: readonly FoundAdapter[];
  /** Of Dawn's package; null: not known. */
  readonly dawn: string | null;
  /** Why there are none; null: there are some. */
  readonly why: string | null;
}

const none = (why: string): AdapterSearch => ({ adapters: [], dawn: null, why });

/** Whose crash is remembered: another Graft, system or driver is tried again. */
const triedWith = () =>
  [
    GRAFT_VERSION,
    process.platform,
    process.arch,
    release(),
    process.env['VK_ICD_FILENAMES'] ?? '',
    process.env['VK_DRIVER_FILES'] ?? '',
  ].join(' ');

const Crash = z.object({ with: z.string(), how: z.string(), at: z.string() });

function rememberedCrash(file: string | null): string | null {
  if (file === null || !existsSync(file)) return null;
  try {
    const crash = Crash.parse(JSON.parse(readFileSync(file, 'utf8')));
    return crash.with === triedWith() ? crash.how : null;
  } catch {
    // Damaged, or of another kind: as if there were none.
    return null;
  }
}

function remember(file: string | null, how: string | null): void {
  if (file === null) return;
  try {
    if (how === null) {
      rmSync(file, { force: true });
      return;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ with: triedWith(), how, at: new Date().toISOString() }));
  } catch {
    // A folder that cannot be written: it is tried again the next time.
  }
}

/** Answers of the process; a text: how it ended without one. */
function ask(program: string): Promise<AdapterAnswer | string> {
  return new Promise((resolve) => {
    const child = fork(program, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let tail = '';
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (chunk: string) => (tail = (tail + chunk).slice(-TAIL_CHARACTERS)));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.on('message', (message: unknown) => resolve(AdapterAnswer.parse(message)));
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      resolve([how, tail.trim()].filter((part) => part !== '').join(': '));
    });
  });
}

const crashed = (how: string): string =>
  `A graphics driver ends the process that loads it (${how}), so the graphics card is left alone. Update the driver; "graft doctor" tries again.`;

let known: Promise<AdapterSearch> | undefined;

async function search(options: {
  readonly memory: string | null;
  readonly again: boolean;
  readonly program: string;
}): Promise<AdapterSearch> {
  const { memory, again, program } = options;
  if (isSwitchedOff()) {
    return none('GRAFT_WEBGPU is "off", so graphics cards are left alone.');
  }
  const before = again ? null : rememberedCrash(memory);
  if (before !== null) return none(crashed(before));
  const answer = await ask(program);
  if (typeof answer === 'string') {
    remember(memory, answer);
    return none(crashed(answer));
  }
  remember(memory, null);
  if (answer.type === 'none') return none(answer.why);
  return { adapters: answer.adapters, dawn: answer.dawn, why: null };
}

/**
 * What is there; asked once a process. `memory`: the file that keeps a crash; null: nothing is kept. `again`: although it
 * is known, or crashed the last time. `program`: in place of the real one, for tests.
 */
export function findAdapters(options: {
  readonly memory: string | null;
  readonly again?: boolean;
  readonly program?: string;
}): Promise<AdapterSearch> {
  const { memory, again = false, program = PROCESS } = options;
  if (program !== PROCESS) return search({ memory, again, program });
  if (again || known === undefined) known = search({ memory, again, program });
  return known;
}

const DEVICES = { '/dev/dri': /^renderD/, '/dev': /^(nvidia\d|dxg$|mali)/ };

/**
 * Whether it is worth starting a process to look: on Linux a card has a device file, and where there is none, and no
 * driver is named, nobody waits for a search that finds nothing.
 */
export function mayHaveCard(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env['VK_ICD_FILENAMES'] !== undefined) return true;
  if (process.env['VK_DRIVER_FILES'] !== undefined) return true;
  return Object.entries(DEVICES).some(
    ([folder, name]) => existsSync(folder) && readdirSync(folder).some((file) => name.test(file)),
  );
}
