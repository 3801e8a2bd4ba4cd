/**
 * Shows what setting up is doing, on standard error: one line that is rewritten on a terminal, plain lines otherwise.
 * Standard output belongs to the command that runs afterwards.
 */

/** How often a piped log gets a line about a step that is still running. */
const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 250;

/** @typedef {(detail: string) => void} Update says how far the running step is: `120 of 273 MB` */
/** @typedef {ReturnType<typeof createProgress>} Progress */

/** @param {number} bytes */
export const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;

/**
 * @param {{ write: (text: string) => unknown, isTTY?: boolean | undefined, columns?: number | undefined }} stream
 * @param {() => number} [now] milliseconds
 */
export function createProgress(stream, now = Date.now) {
  const terminal = stream.isTTY === true;

  /** @param {string} text */
  const rewrite = (text) => {
    stream.write(`\r\u001B[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
  };

  return {
    /**
     * Runs one step and shows it; the elapsed time is counted here, the detail comes from the step.
     *
     * @template Result
     * @param {string} name what is being done: `Installing packages`
     * @param {(update: Update) => Promise<Result>} work
     * @param {(result: Result) => string} [outcomeOf] what to say of it at the end
     * @returns {Promise<Result>}
     */
    async step(name, work, outcomeOf = () => 'done') {
      const started = now();
      let detail = '';
      const line = () =>
        [name, detail, seconds(now() - started)].filter((part) => part !== '').join(' · ');
      const show = () => {
        if (terminal) rewrite(line());
        else stream.write(`${line()}\n`);
      };
      if (terminal) show();
      else stream.write(`${name} …\n`);
      const timer = setInterval(show, terminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
      let outcome = 'failed';
      try {
        const result = await work((text) => {
          detail = text;
        });
        outcome = outcomeOf(result);
        return result;
      } finally {
        clearInterval(timer);
        const last = `${name}: ${outcome} in ${seconds(now() - started)}`;
        if (terminal) {
          rewrite(last);
          stream.write('\n');
        } else stream.write(`${last}\n`);
      }
    },
    /** @param {string} text one line that stays */
    note(text) {
      stream.write(`${text}\n`);
    },
  };
}
