/**
 * A vitest reporter that keeps what `npm test` sums up: how many tests passed, and by name which failed or were
 * skipped, with the reason. (vitest's JSON reporter leaves the reasons out.) To whoever started vitest it says which
 * tests begin and end, so that a run that hangs is told from a slow one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const REASON_LENGTH = 400;

/** @typedef {{ passed: number, failed: string[], skipped: { name: string, reason: string }[] }} Summary */

/** @typedef {import('vitest/node').Reporter} Reporter */

/** @typedef {{ began: string } | { ended: string }} TestNews */

/** @param {import('vitest/node').TestCase} test */
const nameOf = (test) => `${test.module.relativeModuleId} > ${test.fullName}`;

/**
 * The first line of what went wrong, so that the sum alone tells it.
 *
 * @param {import('vitest/node').TestCase} test
 */
function reasonOf(test) {
  const message = test.result().errors?.[0]?.message ?? 'no reason given';
  const [first = ''] = stripVTControlCharacters(message).split('\n', 1);
  return first.slice(0, REASON_LENGTH);
}

/** @param {TestNews} news */
const tell = (news) => process.send?.(news);

/** @implements {Reporter} */
export default class SummaryReporter {
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseReady(test) {
    tell({ began: nameOf(test) });
  }

  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    tell({ ended: nameOf(test) });
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest/node').SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Summary} */
    const summary = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      // A file that does not load has no tests that could fail.
      for (const { message } of module.errors()) {
        summary.failed.push(`${module.relativeModuleId}: ${message}`);
      }
      for (const test of module.children.allTests()) {
        const name = nameOf(test);
        const result = test.result();
        if (result.state === 'passed') summary.passed += 1;
        else if (result.state === 'skipped') {
          summary.skipped.push({ name, reason: result.note ?? 'no reason given' });
        } else summary.failed.push(`${name}: ${reasonOf(test)}`);
      }
    }
    for (const { message } of unhandledErrors) summary.failed.push(`outside any test: ${message}`);
    const file = path.join(process.cwd(), 'test-output', 'vitest-summary.json');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(summary));
  }
}
