import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../../renderer/state/route.ts';

const id = fc.integer({ min: 1, max: 1_000_000 });
const optional = fc.option(id, { nil: null });
const orNew = fc.oneof(optional, fc.constant('new' as const));
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.record({ view: fc.constant('library' as const), dataset: optional }),
  fc.record({ view: fc.constant('annotate' as const), dataset: id, image: id }),
  fc.record({ view: fc.constant('models' as const), model: optional }),
  fc.record({ view: fc.constant('encoders' as const), run: orNew }),
  fc.record({ view: fc.constant('encoders' as const), run: fc.constant(null), encoder: id }),
  fc.record({ view: fc.constant('studies' as const), study: orNew }),
  fc.record({ view: fc.constant('compare' as const), study: optional }),
);

describe('addresses of the window', () => {
  it('lead back to where they were made, whatever the project is called', () => {
    fc.assert(
      fc.property(route, fc.string({ minLength: 1 }), (one, project) => {
        expect(parseRoute(formatRoute(one, project))).toEqual({ route: one, project });
      }),
    );
  });

  it('that make no sense lead to the start or to the library', () => {
    expect(parseRoute('').route).toEqual({ view: 'welcome' });
    expect(parseRoute('#/nowhere/3').route).toEqual({ view: 'welcome' });
    expect(parseRoute('#/annotate/3').route).toEqual({ view: 'library', dataset: 3 });
    expect(parseRoute('#/library/-1').route).toEqual({ view: 'library', dataset: null });
  });
});
