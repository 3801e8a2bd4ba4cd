/** How npm is called: without install scripts, and without traces of the npm script that we run in. */
import { capture } from './command.mjs';

/**
 * The environment for a program that is not part of the running npm script: without npm's description of that script,
 * with the user's own npm settings.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutScriptVariables(env) {
  const ours =
    /^(?:npm_(?:package|lifecycle|command|execpath|node_execpath)|npm_config_(?:local_prefix|prefix|global_prefix|node_gyp|noproxy|user_agent)$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

/**
 * Runs npm: the one that runs us, or the one on the path.
 *
 * @param {readonly string[]} args none that a shell would change: Windows runs npm.cmd only through one
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} options
 */
export function npm(args, { env = process.env, ...options }) {
  const cli = env['npm_execpath'];
  const all = { ...options, env: withoutScriptVariables(env) };
  if (cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)) {
    return capture(process.execPath, [cli, ...args], all);
  }
  if (process.platform !== 'win32') return capture('npm', args, all);
  return capture(`npm ${args.join(' ')}`, [], { ...all, shell: true });
}

/**
 * Installs exactly what the lock file in the folder says, without running any package's scripts.
 *
 * @param {string} cwd a folder with package.json and package-lock.json
 */
export async function npmCi(cwd) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const result = await npm(['ci', ...flags], { cwd });
  // On a full disk npm only warns that it could not unpack a file, and ends well.
  return { ...result, ok: result.ok && !result.output.includes('TAR_ENTRY_ERROR') };
}
