/**
 * Project files in which one stored value is another, as damage and strangers leave them: what is asked of each is answered,
 * with words where it cannot be; no internal error, no end of the engine, and another project beside it is as ever.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createEngine } from '../../engine/engine.ts';
import { createRandom } from '../../shared/random.ts';
import { addImported, wholeProject } from '../fixtures/whole-project.ts';
import { generateCall } from './messages/calls.ts';
import { EngineUnderTest } from './messages/engine-under-test.ts';
import { sendCall } from './messages/send-call.ts';
import { type Cases, type FaultPart, Findings, type PartReport } from './part.ts';
import { damageStored } from './stored/damage.ts';

/** Calls to each project, beside opening and closing it. */
const CALLS = 12;
/** Projects of one engine. */
const CASES_AN_ENGINE = 50;
const SAY_EVERY = 100;

const Answer = z.object({
  type: z.enum(['result', 'error']),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** A project with something in most tables. */
async function filledProject(folder: string): Promise<string> {
  const path = wholeProject(folder);
  addImported(path, folder);
  const engine = createEngine({ runQueues: false });
  const project = path;
  await engine.call('project.open', { path });
  await engine.call('images.exclude', { project, imageIds: [3], reason: 'blurred' });
  await engine.call('images.delete', { project, imageIds: [4] });
  await engine.call('splits.create', { project, datasetId: 1, name: 'split' });
  await engine.close();
  return path;
}

class Trial {
  readonly folder = mkdtempSync(join(tmpdir(), 'graft-faults-stored-'));
  readonly #home = join(this.folder, 'a', 'b', 'c');
  #engine: EngineUnderTest | null = null;
  #base = '';
  readonly answers = new Map<string, number>();
  refused = 0;

  async engine(number: number): Promise<EngineUnderTest> {
    if (number % CASES_AN_ENGINE === 0) {
      await this.#engine?.close();
      this.#engine = null;
    }
    if (this.#engine !== null && this.#engine.end === null) return this.#engine;
    mkdirSync(this.#home, { recursive: true });
    if (this.#base === '') this.#base = await filledProject(this.folder);
    this.#engine = await EngineUnderTest.start(this.#home);
    return this.#engine;
  }

  async one(number: number, seed: number): Promise<{ kind: string; what: string | null }> {
    const random = createRandom(seed, 'stored', number);
    const engine = await this.engine(number);
    const path = join(this.#home, `${number}.graft`);
    copyFileSync(this.#base, path);
    const change = damageStored(path, random);
    if (change === null) {
      this.refused++;
      rmSync(path);
      return { kind: 'refused by SQLite', what: null };
    }
    const kind = change.split('.')[0] ?? '';
    const around = { project: path, paths: [join(this.#home, 'new'), this.folder] };
    const calls = [
      { name: 'project.open', input: { path } },
      { name: 'project.check', input: { project: path } },
      ...Array.from({ length: CALLS }, () => generateCall(random, around)),
      { name: 'project.close', input: { project: path } },
    ];
    const wrong: string[] = [];
    for (const { name, input } of calls) {
      const text = JSON.stringify({ type: 'call', id: 1, name, input });
      try {
        const answer = await sendCall(engine, 'http', text);
        const { error } = answer === 'closed' ? {} : Answer.parse(answer);
        const how = error?.code ?? 'result';
        this.answers.set(how, (this.answers.get(how) ?? 0) + 1);
        if (error?.code === 'internal') {
          wrong.push(`${text.slice(0, 300)} was answered by ${error.message}`);
        }
      } catch (error) {
        wrong.push(`${text.slice(0, 300)} was not answered: ${String(error)}`);
        break;
      }
    }
    const ailment = await engine.ailment();
    if (ailment !== null) wrong.push(ailment);
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    return { kind, what: wrong.length === 0 ? null : `${change}: ${wrong.join('; ')}` };
  }

  async close(): Promise<void> {
    await this.#engine?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const findings = new Findings();
  const trial = new Trial();
  try {
    for (let number = first; number < first + count; number++) {
      const { kind, what } = await trial.one(number, seed);
      findings.tried(kind);
      if (what !== null) {
        findings.fault({ kind, number, what });
        say(`stored: FAULT ${number}: ${what}`);
      }
      const done = number - first + 1;
      if (done % SAY_EVERY === 0) say(`stored: ${done} of ${count}, ${findings.faults} faults`);
    }
    const answers = [...trial.answers].map(([how, times]) => `${how} ${times}`).join(', ');
    return findings.report([
      `answers to calls: ${answers}`,
      `${trial.refused} changes were refused by SQLite itself`,
    ]);
  } finally {
    await trial.close();
  }
}

export const stored: FaultPart = { name: 'stored', count: 2000, shortCount: 6, run };
