import { describe, expect, it } from 'vitest';
import { nodeProblem } from '../../engine/preflight.ts';

describe('the Node check', () => {
  it('accepts Node 24 and newer', () => {
    expect(nodeProblem({ node: '24.21.0', napi: '10' })).toBe(null);
    expect(nodeProblem({ node: '26.0.0', napi: '11' })).toBe(null);
  });

  it('refuses an older Node with one line that names it and the way out', () => {
    for (const versions of [
      { node: '20.20.2', napi: '9' },
      { node: '22.22.0', napi: '10' },
    ]) {
      const problem = nodeProblem(versions);
      expect(problem).toContain(`Node ${versions.node}`);
      expect(problem).toContain('npm start');
      expect(problem).not.toContain('\n');
    }
  });
});
