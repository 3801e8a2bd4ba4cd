/** How npm is called: always from a script of ours, without install scripts, without traces of the npm that called us. */
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
 * Installs exactly what the lock file in the folder says, without running any package's scripts.
 *
 * @param {string} cwd a folder with package.json and package-lock.json
 * @param {NodeJS.ProcessEnv} [env]
 */
export function npmCi(cwd, env = process.env) {
  const cli = env['npm_execpath'];
  const known = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli);
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Windows runs npm.cmd only through a shell; no argument here needs quoting.
  return capture(known ? process.execPath : 'npm', known ? [cli, ...flags] : flags, {
    cwd,
    env: withoutScriptVariables(env),
    shell: !known && process.platform === 'win32',
  });
}
