import { expect, it } from 'vitest';
import { withoutHome } from '../../shared/without-home.ts';

it('the user’s folder is ~, however it is written', () => {
  const anna = String.raw`C:\Users\Anna Bé (lab)`;
  for (const written of [
    String.raw`C:\Users\Anna Bé (lab)\graft\a.ts`,
    String.raw`c:\users\anna bé (lab)\graft\a.ts`,
    String.raw`"C:\\Users\\Anna Bé (lab)\\graft\\a.ts"`,
    'C:/Users/Anna Bé (lab)/graft/a.ts',
    'at file:///C:/Users/Anna%20B%C3%A9%20(lab)/graft/a.ts:3:1',
  ]) {
    expect(withoutHome(written, anna)).not.toMatch(/anna/i);
    expect(withoutHome(written, anna)).toContain('~');
  }
  expect(withoutHome('file:///home/an%20na/x, /home/an na/y, /home/AN NA', '/home/an na')).toBe(
    'file://~/x, ~/y, /home/AN NA',
  );
});

it('a folder that names nobody, or is not known, changes nothing', () => {
  expect(withoutHome('/opt/Graft/node', '/')).toBe('/opt/Graft/node');
  expect(withoutHome('/opt/Graft/node', '')).toBe('/opt/Graft/node');
  expect(withoutHome('/opt/Graft/node', null)).toBe('/opt/Graft/node');
});
