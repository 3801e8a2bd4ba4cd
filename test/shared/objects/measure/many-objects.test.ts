/** More objects than anybody drew: noise, and projects of strangers. */
import { expect, it } from 'vitest';
import { measureObjects } from '../../../../shared/objects/measure/measure-objects.ts';

/** Every fourth pixel is an object of its own. */
function specks(side: number) {
  const objects = new Uint32Array(side * side);
  let count = 0;
  for (let y = 0; y < side; y += 2) {
    for (let x = 0; x < side; x += 2) objects[y * side + x] = ++count;
  }
  const size = { width: side, height: side };
  const classes = { ...size, data: Uint8Array.from(objects, (number) => Math.min(number, 1)) };
  return { map: { objects: { ...size, data: objects }, classes }, count };
}

it('takes time by their number, not by its square', () => {
  const secondsOf = (side: number) => {
    const { map, count } = specks(side);
    const before = process.cpuUsage();
    const measuring = measureObjects(map, { channels: 1 });
    measuring.addRows(new Uint8Array(side * side), 0);
    expect(measuring.result().labels).toHaveLength(count);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  secondsOf(128);
  const [some, many] = [secondsOf(256), secondsOf(1024)];
  // Sixteen times as many; what is quadratic takes 256 times as long.
  expect(many / some).toBeLessThan(80);
});

it('refuses more than may be held, with what to do', () => {
  const { map, count } = specks(16);
  expect(() => measureObjects(map, { channels: 0, most: count - 1 })).toThrow(
    /more than 63 objects left to measure.*Measure fewer images/,
  );
  expect(measureObjects(map, { channels: 0, most: count }).result().labels).toHaveLength(count);
});
