/**
 * Fills the disk at every write of engine, decoders and trainer while they paint, import, add, export, move images,
 * empty the bin, compact, migrate, back up, measure, tell objects apart, bring weights in and train, live as well. Whoever asked is told so in words; afterwards the project is whole, nothing that was acknowledged is lost, no half
 * file looks like a whole one, and with space again the same work succeeds. Linux with a C compiler alone.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFullDisk, Disk } from './full-disk/disk.ts';
import { afterwards } from './kills/afterwards.ts';
import { Victim } from './kills/kill.ts';
import { copyOf, type Prepared, prepare } from './kills/projects.ts';
import type { Work } from './kills/said.ts';
import { type Cases, type FaultPart, Findings, type PartReport } from './part.ts';

const ENDLESS_SHORT = [
  'painting',
  'backing up',
  'moving',
  'emptying the bin',
  'compacting',
] as const;
/** What goes on until something stops it. */
const ENDLESS = [...ENDLESS_SHORT, 'measuring', 'changing objects'] as const;
/** Tried within `npm test`: the others take too long for it. */
const SHORT = [
  ...ENDLESS_SHORT,
  ...(['importing', 'adding', 'exporting', 'migrating', 'training'] as const),
] as const;
const WORKS = [
  ...SHORT,
  ...(['measuring', 'changing objects', 'bringing weights in', 'pausing live'] as const),
] as const satisfies readonly Work[];
/** Works that read what lies beside the images that were prepared. */
const FROM_IMAGES: readonly Work[] = ['importing', 'adding', 'bringing weights in'];
type Tried = (typeof WORKS)[number];
/** Writes of an endless work that are tried one by one. */
const ENDLESS_WRITES = 200;
/** Every work but an export writes more often than this: what fills the disk before it needs no count of its writes. */
const SURE_WRITES = 100;
/** From case to case, so that few of them are spread and many of them are all: no divisor of any number of writes. */
const STRIDE = 101;
/** Work that takes longer hangs. */
const LONGEST_MS = 300_000;

const isEndless = (work: Tried) => ENDLESS.some((one) => one === work);

class Trial {
  readonly #folder = mkdtempSync(join(tmpdir(), 'graft-faults-full-'));
  readonly #library = compileFullDisk(this.#folder);
  readonly #writes = new Map<Tried, number>();
  #prepared: Prepared | null = null;
  acknowledged = 0;
  /** Cases in which the work was done before the disk was full, and those in which it was not. */
  done = 0;
  stopped = 0;

  /** Which write finds no space, where the `nth` of a work is to, and after its last one the first again. */
  async fills(work: Tried, nth: number): Promise<number> {
    if (work !== 'exporting' && nth < SURE_WRITES) return nth;
    return nth % (await this.#writesOf(work));
  }

  /** In words. */
  get writes(): string {
    return [...this.#writes].map(([work, n]) => `${work} ${n}`).join(', ') || 'not counted';
  }

  /** Writes of a work that nothing disturbs. */
  async #writesOf(work: Tried): Promise<number> {
    const known = this.#writes.get(work);
    if (known !== undefined) return known;
    const writes = isEndless(work) ? ENDLESS_WRITES : await this.#undisturbed(work);
    this.#writes.set(work, writes);
    return writes;
  }

  async #undisturbed(work: Tried): Promise<number> {
    const disk = new Disk(this.#library, null);
    try {
      const { victim } = await this.#work(work, disk);
      if (victim.of('ended').length === 0 || victim.of('failed').length > 0) {
        throw new Error(`${work}, with space: ${JSON.stringify(victim.said)} ${victim.ending}`);
      }
      const out = join(disk.folder, 'out');
      if (existsSync(out)) cpSync(out, this.#exported, { recursive: true });
      return disk.writes;
    } finally {
      disk.remove();
    }
  }

  /** What an export writes where there is space. */
  get #exported(): string {
    return join(this.#folder, 'exported');
  }

  async #work(work: Tried, disk: Disk): Promise<{ project: string; victim: Victim }> {
    const prepared = (this.#prepared ??= await prepare(this.#folder));
    const project = copyOf(work === 'migrating' ? prepared.old : prepared.painted, disk.folder);
    return { project, victim: await this.#try(work, { project, env: disk.env, ...prepared }) };
  }

  /** To its end; one that does not end is killed. */
  async #try(
    work: Tried,
    {
      project,
      env,
      images,
    }: { project: string; env: Readonly<Record<string, string>>; images: string },
  ): Promise<Victim> {
    const from = join(FROM_IMAGES.some((one) => one === work) ? images : project, '..');
    const victim = new Victim('victim', [work, project, from], env);
    await victim.killAfter(LONGEST_MS);
    return victim;
  }

  /** What is wrong where the disk is full from this write of a work on; null where nothing is. */
  async try(work: Tried, fills: number): Promise<string | null> {
    const disk = new Disk(this.#library, fills);
    try {
      const { project, victim } = await this.#work(work, disk);
      if (fills < SURE_WRITES && disk.writes <= fills) return `its disk was never full`;
      const [failed] = victim.of('failed');
      if (victim.of('ended').length === 0) return `it did not end by itself: ${victim.ending}`;
      if (failed === undefined) this.done++;
      else this.stopped++;
      if (failed !== undefined && failed.error.code !== 'no-space') {
        return `it says "${failed.error.message}" (${failed.error.code})`;
      }
      const { acknowledged, wrong } = afterwards(project, victim);
      this.acknowledged += acknowledged;
      return wrong ?? this.#halfFile(disk) ?? (await this.#again(work, project));
    } finally {
      await Victim.killAll();
      disk.remove();
    }
  }

  /** A file that was written in part, or that is not what it would be with space. */
  #halfFile(disk: Disk): string | null {
    const temporary = readdirSync(join(disk.folder, 'tmp'));
    if (temporary.length > 0) return `tmp/${temporary[0] ?? ''} is left`;
    const files = readdirSync(disk.folder, { recursive: true, encoding: 'utf8' });
    const half = files.find((name) => name.endsWith('.partial'));
    if (half !== undefined) return `${half} is left`;
    for (const name of files.filter((file) => file.startsWith('out/') && file.endsWith('.png'))) {
      const whole = readFileSync(join(this.#exported, name.slice('out/'.length)));
      if (!whole.equals(readFileSync(join(disk.folder, name)))) return `${name} is not whole`;
    }
    return null;
  }

  /** With space, in another folder than what was exported before. */
  async #again(work: Tried, project: string): Promise<string | null> {
    if (isEndless(work)) return null;
    rmSync(join(project, '../out'), { recursive: true, force: true });
    const { images } = (this.#prepared ??= await prepare(this.#folder));
    const victim = await this.#try(work, { project, env: {}, images });
    const [failed] = victim.of('failed');
    // A dataset that had come whole before the disk was full is there.
    if (failed === undefined || failed.error.code === 'conflict') return null;
    return `with space again: ${failed.error.message}`;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const findings = new Findings();
  const trial = new Trial();
  try {
    for (let number = first; number < first + count; number++) {
      const kind = WORKS[number % WORKS.length] ?? 'painting';
      findings.tried(kind);
      try {
        const nth = seed * 53 + Math.floor(number / WORKS.length) * STRIDE;
        const fills = await trial.fills(kind, nth);
        const what = await trial.try(kind, fills);
        if (what !== null) findings.fault({ kind, number, what: `write ${fills}: ${what}` });
      } catch (error) {
        findings.fault({ kind, number, what: String(error) });
      }
      if ((number - first + 1) % 50 === 0) say(`full disk: ${number - first + 1} of ${count}`);
    }
  } finally {
    trial.close();
  }
  return findings.report([
    `writes of each work: ${trial.writes}`,
    `${trial.stopped} works were stopped by a full disk, ${trial.done} done before or in spite of it; ${trial.acknowledged} strokes and backups were acknowledged`,
  ]);
}

export const fullDisk: FaultPart = {
  name: 'full-disk',
  count: 1200,
  shortCount: SHORT.length,
  run,
};
