/**
 * Kills, without a word of warning, engine, trainer and page while they paint, import, add, export, move images, empty the bin,
 * compact, migrate, back up, measure, tell objects apart, bring weights in and train, live as well.
 * Afterwards: the project is whole and free, nothing that was acknowledged is lost, a dataset is whole or not there, a
 * backup is whole, curves, weights and results are those of a run that nobody disturbed, and no trainer is left.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openProject, type Project } from '../../engine/db/project.ts';
import { sha256 } from '../../engine/sha256.ts';
import { decodeCheckpoint } from '../../engine/training/checkpoint.ts';
import { createRandom, type Random } from '../../shared/random.ts';
import { afterwards } from './kills/afterwards.ts';
import { isRunning, Victim } from './kills/kill.ts';
import { copyOf, type Prepared, prepare } from './kills/projects.ts';
import { type Work, WORKS } from './kills/said.ts';
import { type Cases, type FaultPart, Findings, type PartReport } from './part.ts';

/** Longest work before a kill. */
const LONGEST_MS = 400;
/**
 * A trainer whose engine is gone ends within 2 s of an idle machine. That of a live training steps back, and where others
 * want the processor has a hundredth of it; one that stays longer than this stays for good.
 */
const ORPHAN_MS = 30_000;
/** Kills of one training before it is let go to its end. */
const MOST_KILLS_OF_A_RUN = 3;

/** What a run leaves, apart from how long it took. */
interface Outcome {
  readonly curves: string;
  readonly weights: string;
  readonly results: string;
}

function outcomeOf(project: Project): Outcome {
  const checkpoint = project.runs.checkpoint(1, 'last');
  const { theta } =
    checkpoint === undefined ? { theta: null } : decodeCheckpoint(checkpoint.bytes).trained;
  return {
    curves: JSON.stringify(project.runs.metrics(1)),
    weights:
      theta === null
        ? 'none'
        : sha256(new Uint8Array(theta.buffer, theta.byteOffset, theta.byteLength)),
    results: JSON.stringify(project.runs.results(1)),
  };
}

/** Of processes whose engine is gone, one that lives on, in words; null: none. */
async function orphanOf(left: readonly number[]): Promise<string | null> {
  const business = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  const until = performance.now() + business * ORPHAN_MS;
  while (left.some(isRunning) && performance.now() < until) await delay(50);
  const [orphan] = left.filter(isRunning);
  return orphan === undefined ? null : `the process ${orphan} lives although its engine is gone`;
}

/** Whether a work reads what lies beside the images that were prepared. */
const fromImages = (work: Work) =>
  work === 'importing' || work === 'adding' || work === 'bringing weights in';

class Trial {
  readonly #folder = mkdtempSync(join(tmpdir(), 'graft-faults-kills-'));
  #prepared: Prepared | null = null;
  #undisturbed: { readonly outcome: Outcome; readonly ms: number } | null = null;
  acknowledged = 0;
  kills = 0;

  async prepared(): Promise<Prepared> {
    return (this.#prepared ??= await prepare(this.#folder));
  }

  /** What is wrong after a kill; null where nothing is. */
  async try(work: Work, number: number, random: Random): Promise<string | null> {
    const prepared = await this.prepared();
    const folder = join(this.#folder, String(number));
    mkdirSync(folder);
    try {
      const project = copyOf(work === 'migrating' ? prepared.old : prepared.painted, folder);
      return work === 'training'
        ? await this.#train(project, random)
        : await this.#work(work, { project, folder, random });
    } finally {
      await Victim.killAll();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #work(
    work: Exclude<Work, 'training'>,
    { project, folder, random }: { project: string; folder: string; random: Random },
  ): Promise<string | null> {
    const { images } = await this.prepared();
    const after = random.below(LONGEST_MS);
    const from = fromImages(work) ? join(images, '..') : folder;
    const victim = new Victim('victim', [work, project, from]);
    await victim.begun();
    this.kills++;
    if (work === 'page') {
      const [at] = victim.of('serves');
      const page = new Victim('page', [at?.launchUrl ?? '', project]);
      await page.begun();
      await page.killAfter(after);
      // Its engine goes on, and is killed in its turn.
      await victim.killAfter(0);
      return this.#lost(project, page);
    }
    await Promise.race([delay(after), victim.end()]);
    const left = victim.children();
    await victim.killAfter(0);
    return (await orphanOf(left)) ?? this.#lost(project, victim);
  }

  #lost(project: string, victim: Victim): string | null {
    const { acknowledged, wrong } = afterwards(project, victim);
    this.acknowledged += acknowledged;
    return wrong;
  }

  async #reference(): Promise<{ readonly outcome: Outcome; readonly ms: number }> {
    if (this.#undisturbed !== null) return this.#undisturbed;
    const { painted } = await this.prepared();
    const folder = join(this.#folder, 'undisturbed');
    mkdirSync(folder);
    const path = copyOf(painted, folder);
    const started = performance.now();
    const victim = new Victim('victim', ['training', path, folder]);
    await victim.end();
    const ms = performance.now() - started;
    const project = openProject(path);
    const status = project.runs.get(1);
    if (status?.status !== 'done')
      throw new Error(`the run that nobody disturbed: ${JSON.stringify(status?.error)}`);
    this.#undisturbed = { outcome: outcomeOf(project), ms };
    project.close();
    return this.#undisturbed;
  }

  async #train(path: string, random: Random): Promise<string | null> {
    const reference = await this.#reference();
    for (let kill = 1 + random.below(MOST_KILLS_OF_A_RUN); kill > 0; kill--) {
      const victim = new Victim('victim', ['training', path, '']);
      await victim.begun();
      const after = random.below(Math.ceil(reference.ms));
      const isTrainer = random.below(2) === 0;
      await Promise.race([delay(after), victim.end()]);
      const trainers = victim.children();
      this.kills++;
      if (isTrainer && trainers[0] !== undefined) {
        // The engine starts it again, from its checkpoint.
        process.kill(trainers[0], 'SIGKILL');
        await delay(random.below(LONGEST_MS));
      }
      const left = victim.children();
      await victim.killAfter(0);
      const orphan = await orphanOf(left);
      if (orphan !== null) return orphan;
    }
    const last = new Victim('victim', ['training', path, '']);
    await last.end();
    const project = openProject(path);
    try {
      const [damage] = project.damage();
      if (damage !== undefined) return `not whole: ${damage.what}`;
      const run = project.runs.get(1);
      if (run?.status !== 'done')
        return `the run is ${run?.status ?? 'gone'}: ${run?.error?.message ?? ''}`;
      const outcome = outcomeOf(project);
      const other = (['curves', 'weights', 'results'] as const).filter(
        (what) => outcome[what] !== reference.outcome[what],
      );
      return other.length === 0 ? null : `${other.join(', ')} are not those of an undisturbed run`;
    } finally {
      project.close();
    }
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
        const what = await trial.try(kind, number, createRandom(seed, `kill ${number}`));
        if (what !== null) findings.fault({ kind, number, what });
      } catch (error) {
        findings.fault({ kind, number, what: String(error) });
      }
      if ((number - first + 1) % 50 === 0) say(`kills: ${number - first + 1} of ${count}`);
    }
  } finally {
    trial.close();
  }
  return findings.report([
    `${trial.kills} kills; ${trial.acknowledged} strokes, objects, tables, weights and backups were acknowledged before them`,
  ]);
}

export const kills: FaultPart = { name: 'kills', count: 1000, shortCount: WORKS.length, run };
