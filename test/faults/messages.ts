/**
 * Messages to the door of an engine: calls and requests drawn from their schemas and changed, frames and upgrades with a wrong byte in
 * every place, rude peers. Each is answered with words, none ends, blocks or bloats the engine, none is an internal error.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom, type Random } from '../../shared/random.ts';
import { smallStudy } from '../fixtures/projects.ts';
import { generateCall, mutatedText, pick, type Surroundings } from './messages/calls.ts';
import { EngineUnderTest } from './messages/engine-under-test.ts';
import { PEERS } from './messages/peers.ts';
import { sendRequest } from './messages/requests.ts';
import { sendCall } from './messages/send-call.ts';
import { answered, conversation, dial, upgradeRequest } from './messages/wire.ts';
import { type Cases, type FaultPart, Findings, type PartReport } from './part.ts';

/** Cases whose calls share a project; the next ones get a fresh one, whatever these have done to theirs. */
const CASES_A_PROJECT = 60;
/** Connections that a rude peer leaves open. */
const MOST_HELD = 100;
/** Above what the engine takes at rest: buffers of bounded size, and garbage that is not collected yet. */
const MEMORY_LIMIT_BYTES = 1.5 * 2 ** 30;
const SAY_EVERY = 500;

const Wire = z.object({
  type: z.enum(['result', 'error']),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

class Trial {
  readonly folder = mkdtempSync(join(tmpdir(), 'graft-faults-messages-'));
  readonly #home = join(this.folder, 'a', 'b', 'c', 'd');
  readonly #held: Socket[] = [];
  #engine: EngineUnderTest | null = null;
  #around: Surroundings | null = null;
  #batch = -1;
  peakBytes = 0;
  /** How calls were answered: by a result, or by the code of an error. */
  readonly answers = new Map<string, number>();
  restarts = 0;

  async engine(): Promise<EngineUnderTest> {
    if (this.#engine !== null && this.#engine.end === null) return this.#engine;
    mkdirSync(this.#home, { recursive: true });
    this.#around = null;
    this.restarts++;
    this.#engine = await EngineUnderTest.start(this.#home);
    return this.#engine;
  }

  async #surroundings(engine: EngineUnderTest, number: number): Promise<Surroundings> {
    const batch = Math.floor(number / CASES_A_PROJECT);
    if (this.#around !== null && this.#batch === batch) return this.#around;
    this.#batch = batch;
    const project = join(this.#home, `${number}-${this.restarts}.graft`);
    const call = async (name: string, input: unknown) => {
      const { body } = await engine.post({ type: 'call', id: 1, name, input });
      if (!body.includes('"type":"result"')) throw new Error(`${name} was answered by ${body}`);
    };
    await call('project.create', { path: project });
    for (const [seed, generator] of ['texshapes-source', 'texshapes-target'].entries()) {
      const dataset = { project, name: generator, generator, count: 12, sizePx: 32, seed };
      await call('datasets.generate', dataset);
    }
    const config = smallStudy({ source: 1, target: 2 });
    await call('studies.create', { project, config });
    await call('studies.run', { project, studyId: 1 });
    const dir = join(this.#home, `exported-${number}-${this.restarts}`);
    await call('datasets.export', { project, datasetId: 1, format: 'folder', dir });
    await call('splits.create', { project, datasetId: 1, name: 'split' });
    const inHome = ['new', 'a.graft', 'settings.json', 'none.png'];
    const paths = [
      dir,
      join(dir, 'images'),
      project,
      ...inHome.map((name) => join(this.#home, name)),
    ];
    this.#around = { project, paths };
    return this.#around;
  }

  async call(number: number, random: Random): Promise<string | null> {
    const engine = await this.engine();
    const { name, input } = generateCall(random, await this.#surroundings(engine, number));
    const message = JSON.stringify({ type: 'call', id: 1, name, input });
    const text = random.below(10) === 0 ? mutatedText(message, random) : message;
    const way = pick(random, ['socket', 'http'] as const);
    const shown = `${way} ${text.slice(0, 600)}`;
    try {
      const answer = await sendCall(engine, way, text);
      const { error } = answer === 'closed' ? {} : Wire.parse(answer);
      const how = answer === 'closed' ? 'hung up with words' : (error?.code ?? 'result');
      this.answers.set(how, (this.answers.get(how) ?? 0) + 1);
      return error?.code === 'internal' ? `${shown} was answered by ${error.message}` : null;
    } catch (error) {
      return `${shown} was not answered: ${String(error)}`;
    }
  }

  async request(number: number, random: Random): Promise<string | null> {
    const engine = await this.engine();
    return sendRequest(engine, await this.#surroundings(engine, number), random);
  }

  /** Every byte in its turn is another one, is missing, is there twice, or is the last. */
  async bytes(what: 'frame' | 'upgrade', number: number, random: Random): Promise<null> {
    const { port, cookie } = await this.engine();
    const upgrade = upgradeRequest(port, cookie);
    const whole = what === 'frame' ? conversation() : upgrade;
    const at = number % whole.length;
    const changed = pick(random, [
      Buffer.from(whole.map((byte, i) => (i === at ? random.below(256) : byte))),
      Buffer.from(whole.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte))),
      Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]),
      Buffer.concat([whole.subarray(0, at + 1), whole.subarray(at)]),
      whole.subarray(0, at),
    ]);
    const socket = dial(port);
    if (what === 'frame') {
      socket.write(upgrade);
      await answered(socket, 2000);
    }
    socket.write(changed);
    await answered(socket, 20);
    if (random.below(2) === 0) socket.resetAndDestroy();
    else socket.destroy();
    return null;
  }

  async peer(kind: string, random: Random): Promise<null> {
    await PEERS[kind]?.(await this.engine(), random, this.#held);
    for (const socket of this.#held.splice(0, Math.max(0, this.#held.length - MOST_HELD))) {
      socket.resetAndDestroy();
    }
    return null;
  }

  async ailment(): Promise<string | null> {
    const engine = await this.engine();
    const ailment = await engine.ailment();
    if (ailment !== null) {
      await engine.close();
      return ailment;
    }
    const bytes = await engine.memoryBytes();
    this.peakBytes = Math.max(this.peakBytes, bytes);
    if (bytes <= MEMORY_LIMIT_BYTES) return null;
    await engine.close();
    return `the engine takes ${(bytes / 2 ** 20).toFixed(0)} MiB`;
  }

  async close(): Promise<void> {
    for (const socket of this.#held) socket.destroy();
    await this.#engine?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Half are calls, or requests of what goes beside them; bytes and peers share the rest. */
function kindOf(number: number): string {
  if (number % 2 === 0) return number % 10 === 0 ? 'request' : 'call';
  const turn = (number - 1) / 2;
  if (turn % 5 < 2) return 'frame with a wrong byte';
  if (turn % 5 === 2) return 'upgrade with a wrong byte';
  const kinds = Object.keys(PEERS);
  return kinds[Math.floor(turn / 5) % kinds.length] ?? 'call';
}

async function attempt(
  trial: Trial,
  { kind, number, random }: { kind: string; number: number; random: Random },
): Promise<string | null> {
  if (kind === 'call') return trial.call(number, random);
  if (kind === 'request') return trial.request(number, random);
  if (kind === 'frame with a wrong byte') return trial.bytes('frame', number, random);
  if (kind === 'upgrade with a wrong byte') return trial.bytes('upgrade', number, random);
  return trial.peer(kind, random);
}

async function run({ seed, first, count, say }: Cases): Promise<PartReport> {
  const findings = new Findings();
  const trial = new Trial();
  try {
    for (let number = first; number < first + count; number++) {
      const random = createRandom(seed, 'messages', number);
      const kind = kindOf(number);
      findings.tried(kind);
      const wrong = await attempt(trial, { kind, number, random }).catch(String);
      const what = [wrong, await trial.ailment()].filter((words) => words !== null).join('; ');
      if (what !== '') {
        findings.fault({ kind, number, what });
        say(`messages: FAULT ${number}: ${what}`);
      }
      const done = number - first + 1;
      if (done % SAY_EVERY === 0) say(`messages: ${done} of ${count}, ${findings.faults} faults`);
    }
    const answers = [...trial.answers].map(([how, times]) => `${how} ${times}`).join(', ');
    return findings.report([
      `answers to calls: ${answers}`,
      `engines that had to be started: ${trial.restarts}`,
      `largest memory of an engine: ${(trial.peakBytes / 2 ** 20).toFixed(0)} MiB`,
    ]);
  } finally {
    await trial.close();
  }
}

export const messages: FaultPart = { name: 'messages', count: 10_000, shortCount: 140, run };
