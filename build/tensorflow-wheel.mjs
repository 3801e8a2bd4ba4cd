/**
 * Native TensorFlow from the published Python wheel: its libraries and C headers, with the addon compiled against
 * them. Fetches through pip, because pip knows the user's mirrors and proxies; runs no Python code of the wheel.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';
import { capture } from './command.mjs';
import { findCompiler } from './compiler.mjs';
import { requireHash, sha256 } from './download.mjs';
import { keepLog } from './packages.mjs';
import { megabytes } from './progress.mjs';
import { asSetupFailure, explainFailure, SetupFailure } from './setup-failure.mjs';
import { extractEntry, readZip } from './zip.mjs';

/** The wheels whose hash is known: what was published, checked by hand once. */
export const wheels = new Map([
  [
    '2.21.0-linux-x64',
    {
      file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
      requirement: 'tensorflow-cpu==2.21.0',
      pipPlatform: 'manylinux_2_27_x86_64',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      bytes: 273_829_956,
    },
  ],
]);

/** @typedef {{ file: string, requirement: string, pipPlatform: string, sha256: string, bytes: number }} Wheel */

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** The C interface and the string type it is built on. */
const HEADER = /^tensorflow\/include\/((?:tensorflow|tsl|xla)\/(?:.+\/)?(?:c\/.+|ctstring\w*)\.h)$/;
/** What has to come along wherever its libraries go, by where it lies in the wheel. */
const LICENCE_TEXTS = new Map([
  ['tensorflow/include/LICENSE', 'LICENSE'],
  ['tensorflow/THIRD_PARTY_NOTICES.txt', 'THIRD_PARTY_NOTICES.txt'],
]);
const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const COMPILE = ['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8'];
const LINK = [
  '-Wl,--no-as-needed',
  ...LIBRARIES.map((name) => `-l:${name}`),
  '-Wl,-rpath,$ORIGIN/../../deps/lib',
];

const PIPS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
const PIP_TIMEOUT_MS = 45 * 60_000;
const COMPILE_TIMEOUT_MS = 10 * 60_000;

/**
 * @param {object} options
 * @param {string} options.version of TensorFlow
 * @param {string} options.platform
 * @param {string} options.arch
 * @param {string} options.addonSources the folder binding of tfjs-node
 * @param {string} options.cache
 * @param {() => Promise<string>} options.headers finds the folder with node_api.h
 * @returns {import('./tensorflow.mjs').Source}
 */
export function wheelSource({ version, platform, arch, addonSources, cache, headers }) {
  const wheel = wheels.get(`${version}-${platform}-${arch}`);
  const name = `TensorFlow ${version} from its Python wheel`;
  const folder = `tensorflow-${version}-${platform}-${arch}-napi8-${recipeHash(addonSources)}`;
  return {
    name,
    folder,
    async obstacle() {
      if (wheel === undefined) return `no wheel with a known hash for ${platform}-${arch}.`;
      if ((await findPip()) === null) {
        return 'pip was not found. Install Python 3 with pip (Debian, Ubuntu: apt install python3-pip).';
      }
      if ((await findCompiler(process.env)) === null) {
        return 'no C++ compiler was found. Install one (Debian, Ubuntu: apt install g++).';
      }
      return null;
    },
    async install(temporary, update) {
      if (wheel === undefined) throw new Error(`no wheel for ${platform}-${arch}`);
      const file = await fetchWheel(wheel, { cache, update });
      await unpackWheel(file, temporary, update);
      update('compiling the addon');
      await compileAddon(temporary, { addonSources, headers: await headers(), cache });
      rmSync(path.join(temporary, 'deps', 'include'), { recursive: true });
    },
  };
}

/**
 * Fetches the wheel into the cache while something else is done; whoever needs it takes it from there. Says nothing: what
 * goes wrong is met, and told, by whoever needs it. Nothing is fetched where a TensorFlow made of it is there already.
 *
 * @param {{ version: string, platform: string, arch: string, cache: string, fetch?: typeof pipDownload }} options
 */
export async function fetchWheelAhead({ version, platform, arch, cache, fetch = pipDownload }) {
  const name = `${version}-${platform}-${arch}`;
  const wheel = wheels.get(name);
  const isMade =
    existsSync(cache) && readdirSync(cache).some((one) => one.startsWith(`tensorflow-${name}-`));
  // Without a compiler nothing could be made of it.
  if (wheel === undefined || isMade || (await findCompiler(process.env)) === null) return;
  try {
    await fetchWheel(wheel, { cache, update: () => undefined, fetch });
  } catch (error) {
    const failure = asSetupFailure('Fetching TensorFlow', error);
    if (!(failure instanceof SetupFailure)) throw failure;
  }
}

/**
 * What the compiled addon depends on besides the wheel.
 *
 * @param {string} addonSources
 */
function recipeHash(addonSources) {
  const hash = createHash('sha256').update([...COMPILE, ...LINK].join(' '));
  for (const name of readdirSync(addonSources).sort()) {
    hash.update(name).update(readFileSync(path.join(addonSources, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function findPip() {
  for (const [program = '', ...args] of PIPS) {
    if ((await capture(program, [...args, '--version'])).ok) return { program, args };
  }
  return null;
}

/**
 * The wheel in the cache, fetched when it is not there yet. Only a file with the right hash ever gets its final name.
 *
 * @param {Wheel} wheel
 * @param {{ cache: string, update: import('./progress.mjs').Update, fetch?: typeof pipDownload }} options
 * @returns {Promise<string>} the file
 */
export async function fetchWheel(wheel, { cache, update, fetch = pipDownload }) {
  const downloads = path.join(cache, 'downloads');
  const file = path.join(downloads, wheel.file);
  if (existsSync(file) && (await sha256(file)) === wheel.sha256) return file;
  const incoming = path.join(downloads, 'incoming');
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });
  const watch = setInterval(() => {
    update(`${megabytes(folderBytes(incoming))} of ${megabytes(wheel.bytes)} MB`);
  }, 500);
  try {
    await fetch(wheel, { incoming, cache });
    update('checking the hash');
    await requireHash(path.join(incoming, wheel.file), wheel.sha256);
    renameSync(path.join(incoming, wheel.file), file);
  } finally {
    clearInterval(watch);
    rmSync(incoming, { recursive: true, force: true });
  }
  return file;
}

/** @param {Wheel} wheel @param {{ incoming: string, cache: string }} folders */
async function pipDownload({ requirement, pipPlatform }, { incoming, cache }) {
  const pip = await findPip();
  if (pip === null) throw new Error('pip is gone');
  const { ok, output } = await capture(
    pip.program,
    [
      ...pip.args,
      'download',
      '--no-deps',
      '--only-binary=:all:',
      ...['--python-version', '311', '--implementation', 'cp', '--platform', pipPlatform],
      ...['--retries', '2', '--progress-bar', 'off', '--disable-pip-version-check'],
      ...['-d', incoming, requirement],
    ],
    {
      // pip works in the temporary folder before it moves the file: there it can be watched, and is cleaned up.
      env: {
        ...process.env,
        TMPDIR: incoming,
        TEMP: incoming,
        TMP: incoming,
        PIP_RESUME_RETRIES: '5',
      },
      timeoutMs: PIP_TIMEOUT_MS,
    },
  );
  if (!ok) {
    const log = keepLog(path.join(cache, 'logs'), 'pip', output);
    throw explainFailure(`Fetching ${requirement} with pip`, output, log);
  }
}

/** @param {string} folder @returns {number} the size of all files below it */
function folderBytes(folder) {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) total += folderBytes(full);
    else total += statSync(full, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

/**
 * Takes the libraries, the C headers and the licence texts out of the wheel, into deps/lib, deps/include and deps.
 *
 * @param {string} file
 * @param {string} temporary
 * @param {import('./progress.mjs').Update} update
 */
export async function unpackWheel(file, temporary, update) {
  let done = 0;
  const entries = await readZip(file);
  for (const entry of entries) {
    const base = path.posix.basename(entry.name);
    const header = HEADER.exec(entry.name)?.[1];
    const isLibrary = LIBRARIES.includes(base) && entry.name === `tensorflow/${base}`;
    const target = isLibrary
      ? path.join('lib', base)
      : header === undefined
        ? LICENCE_TEXTS.get(entry.name)
        : path.join('include', header);
    if (target === undefined) continue;
    await extractEntry(file, entry, {
      target: path.join(temporary, 'deps', target),
      onBytes(count) {
        done += count;
        update(`unpacking, ${megabytes(done)} MB`);
      },
    });
  }
  const missing = LIBRARIES.filter(
    (name) => !existsSync(path.join(temporary, 'deps', 'lib', name)),
  );
  if (missing.length > 0) throw new Error(`${path.basename(file)} lacks ${missing.join(' and ')}`);
}

/**
 * Links the addon against the names of TensorFlow's libraries alone: reading what 850 MB of them define takes longer than
 * compiling, and says nothing that the addon does not find out when it is tried.
 *
 * @param {string} temporary has deps/include; gets lib/napi-v8
 * @param {{ addonSources: string, headers: string, cache: string }} options
 */
export async function compileAddon(temporary, { addonSources, headers, cache }) {
  const compiler = await findCompiler(process.env);
  if (compiler === null) throw new Error('the compiler is gone');
  const target = path.join(temporary, 'lib', 'napi-v8');
  const names = path.join(temporary, 'deps', 'names');
  for (const folder of [target, names]) mkdirSync(folder, { recursive: true });
  const run = async (/** @type {string[]} */ args) => {
    // From the sources' folder: messages of the addon name them as they are called here.
    const options = { timeoutMs: COMPILE_TIMEOUT_MS, cwd: path.dirname(addonSources) };
    const { ok, output } = await capture(compiler.program, [...compiler.args, ...args], options);
    if (ok) return;
    const log = keepLog(path.join(cache, 'logs'), 'compile', output);
    throw explainFailure('Compiling the TensorFlow addon', output, log);
  };
  for (const name of LIBRARIES) {
    const empty = ['-shared', `-Wl,-soname,${name}`, '-x', 'c++', devNull];
    await run([...empty, '-o', path.join(names, name)]);
  }
  await run([
    ...COMPILE,
    ...['-I.', `-I${path.join(temporary, 'deps', 'include')}`, `-I${headers}`],
    ...SOURCES.map((name) => path.join(path.basename(addonSources), name)),
    ...['-o', path.join(target, 'tfjs_binding.node')],
    `-L${names}`,
    ...LINK,
  ]);
  rmSync(names, { recursive: true });
}
