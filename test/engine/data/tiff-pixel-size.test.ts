/** What TIFFs say of the size of their pixels, and what is not believed. */
import { describe, expect, test } from 'vitest';
import { tiffPixelSize } from '../../../engine/data/tiff-pixel-size.ts';

const perCm = (x: number, y = x) => ({ x, y, unit: 'cm' as const });
const described = (
  description: string,
  resolution: Parameters<typeof tiffPixelSize>[0]['resolution'] = null,
) => tiffPixelSize({ description, resolution });

describe('the pixel size of a TIFF', () => {
  test('is taken from OME-XML, micrometres where no unit is named', () => {
    const xml = (sizes: string) =>
      `<?xml version="1.0"?><OME><Image><Pixels ${sizes} SizeX="4"/></Image></OME>`;
    expect(described(xml('PhysicalSizeX="0.65" PhysicalSizeY="0.65"'))).toEqual({
      pixelSize: { size: 0.65, unit: 'um' },
      why: 'its OME description',
    });
    const nanometres =
      'PhysicalSizeX="130" PhysicalSizeY="130" PhysicalSizeXUnit="nm" PhysicalSizeYUnit="nm"';
    expect(described(xml(nanometres))?.pixelSize).toEqual({ size: 130, unit: 'nm' });
    const oblong = described(xml('PhysicalSizeX="0.5" PhysicalSizeY="0.7"'));
    expect(oblong?.pixelSize).toBeNull();
    expect(oblong?.why).toMatch(/not square/);
    expect(
      described(xml('PhysicalSizeX="3" PhysicalSizeXUnit="reference frame"'))?.pixelSize,
    ).toBeNull();
    expect(described(xml(''))).toBeUndefined();
  });

  test('is taken from ImageJ, whose unit stands in the description and whose number is the resolution', () => {
    const resolution = { x: 1 / 0.65, y: 1 / 0.65, unit: null };
    for (const unit of ['micron', 'um', String.raw`\u00B5m`, 'µm']) {
      const found = described(`ImageJ=1.53\nunit=${unit}\nloop=false`, resolution);
      expect(found?.pixelSize, unit).toEqual({ size: 0.65, unit: 'um' });
    }
    expect(described('ImageJ=1.53\nunit=pixel', resolution)).toBeUndefined();
    expect(described('ImageJ=1.53\nunit=inch', { x: 10, y: 10, unit: null })?.pixelSize).toEqual({
      size: 2.54,
      unit: 'mm',
    });
    expect(described('ImageJ=1.53\nunit=um')?.why).toMatch(/not how many/);
  });

  test('is taken from the resolution, but for those that printers and screens have', () => {
    expect(described('', perCm(20_000))?.pixelSize).toEqual({ size: 0.5, unit: 'um' });
    for (const dots of [72, 300]) {
      const printed = described('', { x: dots, y: dots, unit: 'inch' });
      expect(printed?.pixelSize).toBeNull();
      expect(printed?.why).toContain(`${dots} dots an inch`);
    }
    expect(described('', { x: 3, y: 3, unit: null })).toBeUndefined();
    expect(described('', perCm(20_000, 10_000))?.why).toMatch(/not square/);
  });
});
