import { beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../../../engine/study/report/page.ts';
import { ENGINE, reportFixture, type FixtureOptions } from './fixture.ts';

async function render(options: FixtureOptions = {}): Promise<string> {
  const { data, runs } = await reportFixture(options);
  return renderReport(data, runs);
}

const QUICK_ARMS = [
  [null, 'random'],
  ['segmentation', 'encoder'],
  ['segmentation', 'encoder+decoder'],
  ['segmentation', 'decoder'],
] as const;

const STUDIES: Readonly<Record<string, FixtureOptions>> = {
  'the default study': {},
  'a quick study': { seeds: 3, arms: QUICK_ARMS },
  'three label counts': { labelCounts: [4, 16, 64] },
  'five label counts': { labelCounts: [4, 8, 16, 32, 64], seeds: 2, arms: QUICK_ARMS },
  'one label count': { labelCounts: [16], seeds: 3 },
  'one seed': { seeds: 1 },
  'some failed runs': { fails: ({ seed, transfer }) => seed === 2 && transfer === 'decoder' },
  'a failed arm': { fails: ({ transfer }) => transfer === 'encoder' },
  'a failed baseline': { fails: ({ transfer }) => transfer === 'random' },
  'only a baseline': { arms: [[null, 'random']] },
  'only failed runs': { fails: () => true, engines: [] },
};

/** Elements still open at the end, and end tags that close nothing: none in well-formed markup. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const empty = new Set(['meta', 'img', 'br']);
  const body = html.replace(/<style>[^]*?<\/style>/, '');
  for (const [, slash, name = '', rest = ''] of body.matchAll(
    /<(\/?)([a-z][a-z0-9]*)([^<>]*)>/gi,
  )) {
    if (slash === '/') {
      if (open.pop() !== name) wrong.push(`</${name}>`);
    } else if (!empty.has(name) && !rest.endsWith('/')) open.push(name);
  }
  return [...wrong, ...open];
}

/** What a pattern finds outside the embedded images, whose base64 may spell anything. */
function found(html: string, pattern: RegExp): readonly string[] {
  return html.replace(/data:image\/png;base64,[A-Za-z0-9+/=]+/g, '').match(pattern) ?? [];
}

describe.each(Object.entries(STUDIES))('the report of %s', (_, options) => {
  let html: string;
  beforeAll(async () => {
    html = await render(options);
  });

  it('is well-formed, computes every number, and has unique anchors', () => {
    expect(unbalanced(html)).toEqual([]);
    expect(found(html, /NaN|Infinity|undefined|\[object/g)).toEqual([]);
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  });

  it('reaches nowhere', () => {
    expect(html).toContain(`content="default-src &#39;none&#39;;`);
    expect(found(html, /<script|<link|<iframe|<object|<embed|@import|url\(|\son[a-z]+=/gi)).toEqual(
      [],
    );
    expect(found(html, /https?:|\/\//gi)).toEqual([]);
    for (const [, source = ''] of html.matchAll(/\ssrc(?:set)?="([^"]*)"/g)) {
      expect(source).toMatch(/^data:image\/png;base64,/);
    }
    for (const [, target = ''] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#/);
  });
});

describe('the report', () => {
  it('says the verdict in words before any chart, and draws the halves before any other chart', async () => {
    const { data, runs } = await reportFixture();
    const html = renderReport(data, runs);
    const [first = '', ...others] = data.analysis.headline;
    expect(html.indexOf(first)).toBeGreaterThan(0);
    expect(html.indexOf(first)).toBeLessThan(html.indexOf('<svg'));
    for (const sentence of others) expect(html).toContain(sentence);
    const verdicts = html.indexOf('class="verdicts"');
    expect(html.indexOf('Encoder: Keep it')).toBeLessThan(verdicts);
    expect(verdicts).toBeLessThan(html.indexOf('id="scores"'));
    for (const { words } of data.analysis.comparisons) expect(html).toContain(words);
  });

  it('keeps to its order of sections', async () => {
    const html = await render();
    const ids = [...html.matchAll(/<section id="([a-z]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([
      'verdict',
      'scores',
      'differences',
      'factorial',
      'learning',
      'arms',
      'predictions',
      'pretraining',
      'claims',
      'cost',
      'layers',
      'methods',
      'notes',
    ]);
  });

  it('escapes every name', async () => {
    const html = await render({
      studyName: '<script>alert(1)</script>',
      imageName: '"><img src=x onerror=alert(1)>',
    });
    expect(html).toContain('<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>');
    expect(found(html, /<script|<img src=x/g)).toEqual([]);
    expect(unbalanced(html)).toEqual([]);
  });

  it('equals itself, byte for byte', async () => {
    expect((await render()) === (await render())).toBe(true);
  });

  it('warns of few seeds, failures and several engines before the first number', async () => {
    const html = await render({
      seeds: 3,
      fails: ({ seed, transfer }) => seed === 2 && transfer === 'decoder',
      engines: [ENGINE, { ...ENGINE, threads: 2 }],
    });
    const warnings = html.slice(html.indexOf('Read with care'), html.indexOf('<svg'));
    expect(warnings).toContain('Fewer than five seeds');
    expect(warnings).toContain('2 of 42 fine-tuning runs failed and are left out');
    expect(warnings).toContain('Several engines');
  });

  it('tells apart what computed the runs, where only kernels, vectors or operations differ', async () => {
    const known: typeof ENGINE = { ...ENGINE, kernels: 'onednn', operations: ['pooling'] };
    const engines: (typeof ENGINE)[] = [
      known,
      { ...known, kernels: 'eigen' },
      { ...known, vectors: 'baseline' },
      { ...known, operations: ['pooling', 'convolutions'] },
    ];
    const html = await render({ engines });
    const [, cell = ''] = /<dt>Engine<\/dt><dd>(.*?)<\/dd>/.exec(html) ?? [];
    const named = cell.split('; Tensor');
    expect(named).toHaveLength(engines.length);
    expect(new Set(named.map((name) => name.replace('Tensor', ''))).size).toBe(engines.length);
    expect(cell).toContain('in code for every processor');
    expect(html).toContain('Several engines, versions, kernels or thread counts');
  });

  it('warns of a baseline that had not converged, naming the label counts', async () => {
    const { data, runs } = await reportFixture();
    const withBaseline = (baselineNotConverged: readonly number[]) =>
      renderReport({ ...data, analysis: { ...data.analysis, baselineNotConverged } }, runs);
    expect(withBaseline([8])).toContain('when its training ended (8 labels)');
    expect(found(withBaseline([]), /Read with care/g)).toEqual([]);
  });

  it('says so when there is nothing to say', async () => {
    const html = await render(STUDIES['only failed runs']);
    expect(html).toContain('Nothing is known yet');
    expect(html).toContain('All 70 fine-tuning runs failed.');
    expect(found(html, /id="scores"/g)).toEqual([]);
  });

  it('refuses images that are not inside the file', async () => {
    const { data, runs } = await reportFixture();
    const examples = data.examples.map((example) => ({ ...example, truth: 'truth.png' }));
    expect(() => renderReport({ ...data, examples }, runs)).toThrow(/not a PNG data URI/);
  });

  it('captions every table and gives every header cell its scope', async () => {
    const html = await render();
    const tables = html.match(/<table/g)?.length ?? 0;
    const layerLists = html.match(/<details/g)?.length ?? 0;
    expect(html.match(/<caption>/g)).toHaveLength(tables - layerLists);
    expect(found(html, /<th(?![^>]*scope=)[ >]/g)).toEqual([]);
    expect(found(html, /<svg(?![^>]*(role="img" [^>]*aria-label=|aria-hidden))/g)).toEqual([]);
    expect(found(html, /<img(?![^>]*alt="[^"]+")/g)).toEqual([]);
  });
});
