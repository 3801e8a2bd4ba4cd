/**
 * Which graphics cards this computer has: asked in a process of its own, since a broken driver ends the process that loads
 * it. What has crashed once is left alone until somebody asks anew or the versions change; what is slow is asked again.
 */
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../../data/write-file.ts';
import { GRAFT_VERSION } from '../../version.ts';
import { isSwitchedOff } from './card.ts';
import { AdapterAnswer, type FoundAdapter } from './messages.ts';
import { partFile } from '../../parts.ts';

const PROCESS = partFile('training/webgpu/adapters-process');
/**
 * Drivers that wake a sleeping card take seconds, and a busy computer makes minutes of them. What did not answer in time is
 * asked again with more patience the next time, and left alone only after the last.
 */
const PATIENCE_MS = [20_000, 60_000, 180_000] as const;
const TAIL_CHARACTERS = 500;

export interface AdapterSearch {
  readonly adapters: readonly FoundAdapter[];
  /** Of Dawn's package; null: not known. */
  readonly dawn: string | null;
  /** Why there are none; null: there are some. */
  readonly why: string | null;
  /** Whether nothing was found for want of time alone. */
  readonly isLate?: boolean;
  /** Whether a driver ends the process that loads it, or never answers: no process may load it. */
  readonly isLeftAlone?: boolean;
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

/** How a search ended without an answer. */
const Failure = z.object({
  how: z.string(),
  /** Searches in a row that did not answer in time; 0: it crashed. */
  late: z.number().int().min(0).default(0),
});
type Failure = z.infer<typeof Failure>;
const Remembered = Failure.extend({ with: z.string(), at: z.string() });

const isHopeless = ({ late }: Failure): boolean => late === 0 || late >= PATIENCE_MS.length;

function remembered(file: string | null): Failure | null {
  if (file === null || !existsSync(file)) return null;
  try {
    const before = Remembered.parse(JSON.parse(readFileSync(file, 'utf8')));
    return before.with === triedWith() ? before : null;
  } catch {
    // Damaged, or of another kind: as if there were none.
    return null;
  }
}

function remember(file: string | null, failure: Failure | null): void {
  if (file === null) return;
  try {
    if (failure === null) {
      rmSync(file, { force: true });
      return;
    }
    makeFolder(dirname(file));
    const kept = { with: triedWith(), ...failure, at: new Date().toISOString() };
    writeFileSync(file, JSON.stringify(kept satisfies z.infer<typeof Remembered>));
  } catch {
    // A folder that cannot be written: it is tried again the next time.
  }
}

/** Answers of the process, or how it ended without one. `late`: how often it did not answer in time before. */
function ask(
  program: string,
  { late, patience }: { readonly late: number; readonly patience: number },
): Promise<AdapterAnswer | Failure> {
  return new Promise((resolve) => {
    let isLate = false;
    const child = fork(program, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let tail = '';
    child.stderr?.setEncoding('utf8');
    child.stderr?.on('data', (chunk: string) => (tail = (tail + chunk).slice(-TAIL_CHARACTERS)));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, patience);
    child.on('message', (message: unknown) => resolve(AdapterAnswer.parse(message)));
    child.on('error', (error) => resolve({ how: error.message, late: 0 }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (isLate) {
        resolve({ how: `no answer within ${patience / 1000} s`, late: late + 1 });
        return;
      }
      const ending = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      const how = [ending, tail.trim()].filter((part) => part !== '').join(': ');
      resolve({ how, late: 0 });
    });
  });
}

function whyNone(failure: Failure): string {
  const { how, late } = failure;
  if (late === 0) {
    return `A graphics driver ends the process that loads it (${how}), so the graphics card is left alone. Update the driver; "graft doctor" tries again.`;
  }
  return isHopeless(failure)
    ? `The graphics drivers gave ${how}, ${late} times, so the graphics card is left alone. Update the driver; "graft doctor" tries again.`
    : `The graphics drivers gave ${how}: the computer is busy, or a driver hangs. It is asked again the next time, with more patience.`;
}

const leftAlone = (failure: Failure): AdapterSearch => ({
  ...none(whyNone(failure)),
  isLate: false,
  isLeftAlone: true,
});

let known: Promise<AdapterSearch> | undefined;

async function search(options: {
  readonly memory: string | null;
  readonly again: boolean;
  readonly program: string;
  readonly patienceMs: readonly number[];
}): Promise<AdapterSearch> {
  const { memory, again, program, patienceMs } = options;
  if (isSwitchedOff()) {
    return none('GRAFT_WEBGPU is "off", so graphics cards are left alone.');
  }
  const before = remembered(memory);
  if (before !== null && !again && isHopeless(before)) return leftAlone(before);
  const late = before?.late ?? 0;
  const patience = patienceMs[Math.min(late, patienceMs.length - 1)] ?? 0;
  const answer = await ask(program, { late, patience });
  if ('how' in answer) {
    remember(memory, answer);
    return isHopeless(answer) ? leftAlone(answer) : { ...none(whyNone(answer)), isLate: true };
  }
  remember(memory, null);
  if (answer.type === 'none') return none(answer.why);
  return { adapters: answer.adapters, dawn: answer.dawn, why: null };
}

/**
 * What is there; asked once a process. `memory`: the file that keeps a crash; null: nothing is kept. `again`: although it
 * is known, or crashed the last time. `program`, `patienceMs`: in place of the real ones, for tests.
 */
export function findAdapters(options: {
  readonly memory: string | null;
  readonly again?: boolean;
  readonly program?: string;
  readonly patienceMs?: readonly number[];
}): Promise<AdapterSearch> {
  const { memory, again = false, program = PROCESS, patienceMs = PATIENCE_MS } = options;
  if (program !== PROCESS) return search({ memory, again, program, patienceMs });
  if (again || known === undefined) {
    const searched = search({ memory, again, program, patienceMs });
    known = searched;
    // Who was late is asked again by whoever asks next.
    searched.then(
      ({ isLate = false }) => {
        if (isLate && known === searched) known = undefined;
      },
      () => undefined,
    );
  }
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
