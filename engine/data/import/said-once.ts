/** What holds for every page of a file is said of the file once; what is lost is said each time. */
import type { ImportIssue } from '../../../shared/api.ts';

export function saidOnce(issues: readonly ImportIssue[]): ImportIssue[] {
  const said = new Set<string>();
  return issues.filter(({ path, severity, message }) => {
    if (severity === 'skip') return true;
    const key = JSON.stringify([path, severity, message]);
    const isNew = !said.has(key);
    said.add(key);
    return isNew;
  });
}
