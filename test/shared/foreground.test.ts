import { describe, expect, it } from 'vitest';
import type { Part } from '../../shared/entities.ts';
import { absentClasses, foregroundObstacle } from '../../shared/foreground.ts';

const labels = (...all: [Part, ...number[]][]) =>
  all.map(([part, ...values]) => ({ part, values }));
const classes = ['background', 'cell', 'nucleus'].map((name, index) => ({
  index,
  name,
  color: '#000000',
}));

describe('label maps without foreground', () => {
  it('are an obstacle, in all or in one part, ignored pixels being none', () => {
    const none = labels(['train', 0], ['val', 0, 255], ['test', 255]);
    expect(foregroundObstacle('d', none)).toMatch(/^None of the 3 label maps of "d" .*preview/);
    expect(
      foregroundObstacle('d', labels(['train', 0], ['train', 0], ['val', 0, 1], ['test', 1])),
    ).toMatch(/^None of the 2 training label maps .* nothing to learn\. Make another split/);
    expect(foregroundObstacle('d', labels(['train', 1], ['val', 0], ['test', 1]))).toMatch(
      /^The only validation label map of .* holds nothing but/,
    );
    expect(foregroundObstacle('d', labels(['train', 1], ['val', 1], ['test', 0]))).toMatch(
      /^The only test label map .*scores would only say/,
    );
  });

  it('are none where each part has one with foreground', () => {
    expect(
      foregroundObstacle('d', labels(['train', 0], ['train', 2], ['val', 1], ['test', 0, 1])),
    ).toBeNull();
    expect(foregroundObstacle('d', [])).toBeNull();
  });
});

describe('classes that label maps lack', () => {
  it('are named with the parts that lack them', () => {
    expect(absentClasses(classes, labels(['train', 0, 1], ['val', 1], ['test', 0, 1]))).toEqual([
      'Class 2 (nucleus) occurs in no label map: neither learned nor scored.',
    ]);
    expect(absentClasses(classes, labels(['train', 0, 1], ['val', 1, 2], ['test', 2, 1]))).toEqual([
      'Class 2 (nucleus) occurs in no training label map: it cannot be learned.',
    ]);
    expect(absentClasses(classes, labels(['train', 0, 1, 2], ['val', 1], ['test', 1]))).toEqual([
      'Class 2 (nucleus) occurs in no validation and no test label map: its scores say little.',
    ]);
    const [both] = absentClasses(classes, labels(['train', 1, 2], ['val', 0], ['test', 0]));
    expect(both).toMatch(
      /^Classes 1 .*, 2 .* occur in no validation .*: their scores say little\.$/,
    );
    expect(absentClasses(classes, labels(['train', 0, 1, 2], ['test', 1, 2]))).toEqual([]);
    expect(absentClasses(classes, labels(['train', 0, 1], ['test', 1]))).toEqual([
      'Class 2 (nucleus) occurs in no label map: neither learned nor scored.',
    ]);
  });

  it('are named where they are the background, which all of them lack', () => {
    const full = labels(['train', 1, 2], ['val', 1, 255], ['test', 2]);
    expect(absentClasses(classes, full)[0]).toMatch(/^No label map holds any background: /);
    const told = (...all: Parameters<typeof absentClasses>) =>
      absentClasses(...all).filter((words) => words.includes('any background'));
    expect(told(classes, full, false)).toEqual([]);
    expect(told(classes, [...full, ...labels(['test', 0, 1])])).toEqual([]);
    expect(told(classes, labels(['train', 255], ['val', 255]))).toEqual([]);
    expect(told(classes, [])).toEqual([]);
  });
});
