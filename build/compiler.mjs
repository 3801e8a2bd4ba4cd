/** The C++ compiler of this machine. */
import { capture } from './command.mjs';

/**
 * @param {NodeJS.ProcessEnv} env CXX may carry a wrapper: `ccache g++`
 * @returns {Promise<{ program: string, args: string[] } | null>} null: none that runs
 */
export async function findCompiler(env) {
  const asked = env['CXX']?.split(' ').filter(Boolean);
  for (const [program = '', ...args] of asked ? [asked] : [['g++'], ['c++'], ['clang++']]) {
    if ((await capture(program, [...args, '--version'])).ok) return { program, args };
  }
  return null;
}
