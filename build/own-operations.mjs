/**
 * Graft's own operations for TensorFlow (engine/training/tensorflow/operations): compiled into the cache, tried once, and
 * copied beside tfjs-node's addon. Where that is not possible Graft trains with TensorFlow's own, a fifth slower, and the
 * record beside says why; it is tried again when the sources change or by `npm run setup`.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { capture } from './command.mjs';
import { findCompiler } from './compiler.mjs';
import { installFolder } from './install-lock.mjs';
import { readJson } from './json-file.mjs';
import { keepLog } from './packages.mjs';
import { asSetupFailure, explainFailure, SetupFailure } from './setup-failure.mjs';
import { ADDON, tfjsNode } from './tensorflow.mjs';

const LIBRARY = 'graft-operations.node';
/** In the folder of tfjs-node. */
export const OPERATIONS_LIBRARY = path.join('lib', LIBRARY);
/** Products contracted to one rounding and vectors, but nothing that reorders sums. */
const COMPILE = [
  ...['-O3', '-std=c++17', '-fPIC', '-pthread', '-fvisibility=hidden', '-fno-math-errno'],
  '-Wno-psabi',
];
/** Compiled once for each instruction set, beside the one that all processors have. */
const LOOPS = ['loops', 'winograd', 'upsampled', 'kernel-gradient', 'upsampled-gradient'];
const AVX2 = ['-mavx2', '-mfma'];
const AVX512 = ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq'];
const INSTRUCTION_SETS = {
  avx2: [...AVX2, '-DGRAFT_AVX2'],
  avx512: [...AVX2, ...AVX512, '-mprefer-vector-width=512', '-DGRAFT_AVX512'],
};
const COMPILE_TIMEOUT_MS = 5 * 60_000;
/** What compiles them again. */
const AGAIN = 'npm run setup';

/**
 * What is compiled, with what: the loops once for each instruction set, from the one that all processors have upwards.
 *
 * @param {string} arch
 * @returns {readonly { object: string, source: string, flags: readonly string[] }[]}
 */
const unitsFor = (arch) => [
  { object: 'operations.o', source: 'operations.cc', flags: [] },
  { object: 'walking.o', source: 'walking.cc', flags: [] },
  { object: 'instructions.o', source: 'instructions.cc', flags: [] },
  { object: 'threads.o', source: 'threads.cc', flags: [] },
  { object: 'loading-pages.o', source: 'loading-pages.cc', flags: [] },
  { object: 'adam.o', source: 'adam.cc', flags: ['-ffp-contract=off'] },
  ...LOOPS.map((name) => ({ object: `${name}.o`, source: `${name}.cc`, flags: [] })),
  // Last: of what several objects have, the linker takes the first, and that must run everywhere.
  ...(arch === 'x64'
    ? [
        ...Object.entries(INSTRUCTION_SETS).flatMap(([set, flags]) =>
          LOOPS.map((name) => ({ object: `${name}-${set}.o`, source: `${name}.cc`, flags })),
        ),
        { object: 'bfloat16.o', source: 'bfloat16.cc', flags: INSTRUCTION_SETS.avx512 },
      ]
    : []),
];

/** @param {string} root */
const sourcesOf = (root) => path.join(root, 'engine', 'training', 'tensorflow', 'operations');
/** @param {string} root */
const placeOf = (root) => path.join(tfjsNode(root), 'lib');
/** @param {string} root */
const recordFile = (root) => path.join(placeOf(root), 'graft-operations.json');

/**
 * Everything that decides what is compiled.
 *
 * @param {string} root
 * @param {string} arch
 */
function recipe(root, arch) {
  const folder = sourcesOf(root);
  const hash = createHash('sha256').update(JSON.stringify([COMPILE, unitsFor(arch)]));
  for (const name of readdirSync(folder).sort()) {
    hash.update(name).update(readFileSync(path.join(folder, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** @param {string} file */
const sha256Of = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Whether this was decided for these sources: the library is there, or why it cannot be is known.
 *
 * @param {string} root
 * @param {{ arch: string, again?: boolean }} options again: knowing why not is no answer, and a library that was damaged
 *   since is none
 */
export function operationsReady(root, { arch, again = false }) {
  // The portable engine has no use for them.
  if (!existsSync(path.join(tfjsNode(root), ADDON))) return true;
  const record =
    /** @type {{ recipe: string, reason: string | null, sha256?: string } | undefined} */ (
      readJson(recordFile(root))
    );
  if (record?.recipe !== recipe(root, arch)) return false;
  if (record.reason !== null) return !again;
  const library = path.join(placeOf(root), LIBRARY);
  return existsSync(library) && (!again || sha256Of(library) === record.sha256);
}

/**
 * The name of their folder in the cache: of what is compiled, and the one TensorFlow that it is linked against.
 *
 * @param {string} root where the addon is
 * @param {string} arch
 */
export function operationsFolder(root, arch) {
  const addon = realpathSync(path.join(tfjsNode(root), ADDON));
  const tensorflow = path.basename(path.join(addon, '..', '..', '..'));
  return `operations-${recipe(root, arch)}-${tensorflow}`;
}

/**
 * @param {object} options
 * @param {string} options.root
 * @param {string} options.cache
 * @param {string} options.platform
 * @param {string} options.arch
 * @param {(addon: string, library: string) => Promise<string>} options.check computes with the library; fails with a SetupFailure
 * @param {import('./progress.mjs').Update} options.update
 * @returns {Promise<string | null>} why they are not to be had; null: they are
 */
export async function setUpOperations({ root, cache, platform, arch, check, update }) {
  const addon = path.join(tfjsNode(root), ADDON);
  const name = recipe(root, arch);
  const place = placeOf(root);
  const target = path.join(place, LIBRARY);
  const finish = (/** @type {string | null} */ reason) => {
    // Never written over: other checkouts may have the same files by links.
    for (const file of [recordFile(root), ...(reason === null ? [] : [target])]) {
      rmSync(file, { force: true });
    }
    const record = { recipe: name, reason, ...(reason === null && { sha256: sha256Of(target) }) };
    writeFileSync(recordFile(root), `${JSON.stringify(record, null, 2)}\n`);
    return reason;
  };
  mkdirSync(place, { recursive: true });
  try {
    if (platform !== 'linux') return finish('They are compiled on Linux only.');
    const libraries = path.join(realpathSync(addon), '..', '..', '..', 'deps', 'lib');
    const folder = path.join(cache, operationsFolder(root, arch));
    const built = path.join(folder, LIBRARY);
    const compiled = () =>
      installFolder(folder, (temporary) =>
        compile(root, temporary, { arch, cache, libraries, update }),
      );
    const tried = () => {
      update('computing with them once');
      return check(addon, built);
    };
    if (existsSync(built)) {
      // What an earlier setup left may have been damaged since.
      await tried().catch(async () => {
        await compiled();
        await tried();
      });
    } else {
      await compiled();
      await tried();
    }
    // A process that has the old one open keeps it.
    rmSync(target, { force: true });
    copyFileSync(built, target);
    return finish(null);
  } catch (error) {
    const failure = asSetupFailure('Setting them up', error);
    if (!(failure instanceof SetupFailure)) throw failure;
    const { message } = failure;
    return finish(message.includes(AGAIN) ? message : `${message} To try again: ${AGAIN}`);
  }
}

/**
 * Compiles them while something else is done; whoever sets them up takes the objects from there. Says nothing: what goes
 * wrong is met, and told, by whoever needs them. Nothing is compiled where they, or the objects, are there already.
 *
 * @param {{ root: string, cache: string, platform: string, arch: string }} options
 */
export async function compileAhead({ root, cache, platform, arch }) {
  const made = `operations-${recipe(root, arch)}-`;
  const isMade = existsSync(cache) && readdirSync(cache).some((name) => name.startsWith(made));
  if (platform !== 'linux' || isMade) return;
  try {
    await compiledObjects(root, { cache, arch, update: () => undefined });
  } catch (error) {
    const failure = asSetupFailure('Compiling them', error);
    if (!(failure instanceof SetupFailure)) throw failure;
  }
}

/**
 * The folder of all that is compiled, before it is linked against a TensorFlow: none is needed for that.
 *
 * @param {string} root
 * @param {{ cache: string, arch: string, update: import('./progress.mjs').Update }} options
 */
async function compiledObjects(root, { cache, arch, update }) {
  const folder = path.join(cache, `operations-${recipe(root, arch)}-objects`);
  if (existsSync(folder)) return folder;
  const compiler = await theCompiler();
  await installFolder(folder, async (temporary) => {
    const left = [...unitsFor(arch)];
    const compileSome = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { object, source, flags } = next;
        update(`compiling ${source}`);
        const [from, to] = [path.join(sourcesOf(root), source), path.join(temporary, object)];
        try {
          await run(compiler, [...COMPILE, ...flags, '-c', from, '-o', to], cache);
        } catch (error) {
          left.length = 0;
          throw error;
        }
      }
    };
    // As many at once as there are processors; where one fails, the others end before their folder goes.
    const compiled = await Promise.allSettled(
      Array.from({ length: availableParallelism() }, compileSome),
    );
    const failed = compiled.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  });
  return folder;
}

/**
 * @param {string} root
 * @param {string} temporary gets the library
 * @param {{ arch: string, cache: string, libraries: string, update: import('./progress.mjs').Update }} options
 */
async function compile(root, temporary, { arch, cache, libraries, update }) {
  const compiler = await theCompiler();
  const folder = await compiledObjects(root, { cache, arch, update });
  const objects = unitsFor(arch).map(({ object }) => path.join(folder, object));
  update('linking');
  // What cannot be linked is compiled anew the next time.
  try {
    const made = ['-shared', '-pthread', ...objects, '-o', path.join(temporary, LIBRARY)];
    // Loaded already when this library is, so it is found by its name.
    const against = [`-L${libraries}`, '-l:libtensorflow_framework.so.2'];
    await run(compiler, [...made, ...against], cache);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function theCompiler() {
  const compiler = await findCompiler(process.env);
  if (compiler !== null) return compiler;
  throw new SetupFailure(
    `No C++ compiler was found. Install one (Debian, Ubuntu: apt install g++), then run ${AGAIN}.`,
  );
}

/**
 * @param {{ program: string, args: string[] }} compiler
 * @param {readonly string[]} args
 * @param {string} cache
 */
async function run(compiler, args, cache) {
  const { ok, output } = await capture(compiler.program, [...compiler.args, ...args], {
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
  if (ok) return;
  const log = keepLog(path.join(cache, 'logs'), 'compile-operations', output);
  throw explainFailure("Compiling Graft's own operations", output, log);
}
