import { describe, expect, it } from 'vitest';
import { type DrawnClasses, drawnObstacle } from '../../shared/drawn-classes.ts';

const of = (id: number, names: readonly string[], hasBackground = true): DrawnClasses => ({
  ...{ id, name: `dataset ${id}`, hasBackground },
  classes: names.map((name, index) => ({ index, name, color: '#000000' })),
});

describe('a network of another dataset', () => {
  const cells = of(1, ['background', 'nucleus', 'wall']);

  it('is asked where its classes have the same numbers and names', () => {
    expect(drawnObstacle(of(2, ['background', 'Nucleus']), cells)).toBeNull();
    // Of what it alone knows nothing is drawn.
    expect(drawnObstacle(of(2, ['nothing', 'nucleus', 'wall', 'lipid']), cells)).toBeNull();
  });

  it('is refused where a number means something else, with both names', () => {
    const why = drawnObstacle(of(2, ['background', 'crack', 'wall']), cells);
    expect(why).toMatch(
      /"dataset 2", and means something else by class 1 \("crack", here "nucleus"\)/,
    );
    expect(why).toContain('Rename the class if it is the same');
  });

  it('is refused where class 0 is the background of one of them alone, or no class is common', () => {
    expect(drawnObstacle(of(2, ['sky', 'nucleus'], false), cells)).toMatch(/class 0/);
    expect(drawnObstacle(of(2, ['background']), cells)).toMatch(/has none of them/);
  });

  it('is never refused on its own dataset, whose classes may have been renamed', () => {
    expect(drawnObstacle(of(1, ['background', 'crack']), cells)).toBeNull();
  });
});
