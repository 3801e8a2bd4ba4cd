/** Where the time of eager steps goes: every native operation is timed as it is called. */
import type { NativeBackend } from '../../engine/training/tensorflow/native.ts';
import type { Row } from './measure.ts';

export interface OperationTimes {
  /** Forgets what was measured so far. */
  restart(): void;
  /** One row an operation, longest first: calls and milliseconds a step, share of `msStep`. */
  rows(steps: number, msStep: number): Row[];
}

/** Times the calls of a backend from now on. An eager operation has ended when its call returns. */
export function operationTimes(backend: NativeBackend): OperationTimes {
  const spent = new Map<string, { calls: number; ms: number }>();
  const single = backend.executeSingleOutput.bind(backend);
  const multiple = backend.executeMultipleOutputs.bind(backend);
  const timed = <T>(name: string, call: () => T): T => {
    const start = performance.now();
    const result = call();
    const { calls, ms } = spent.get(name) ?? { calls: 0, ms: 0 };
    spent.set(name, { calls: calls + 1, ms: ms + performance.now() - start });
    return result;
  };
  backend.executeSingleOutput = (name, attributes, inputs) =>
    timed(name, () => single(name, attributes, inputs));
  backend.executeMultipleOutputs = (name, attributes, inputs, outputs) =>
    timed(name, () => multiple(name, attributes, inputs, outputs));
  const row = (operation: string, calls: number, ms: number, msStep: number): Row => ({
    operation,
    calls,
    'ms a step': ms,
    share: `${((100 * ms) / msStep).toFixed(1)} %`,
  });
  return {
    restart: () => spent.clear(),
    rows(steps, msStep) {
      const all = [...spent].toSorted(([, a], [, b]) => b.ms - a.ms);
      const inside = all.reduce((sum, [, { ms }]) => sum + ms / steps, 0);
      return [
        ...all.map(([name, { calls, ms }]) => row(name, calls / steps, ms / steps, msStep)),
        row('between the calls', 0, msStep - inside, msStep),
      ];
    },
  };
}
