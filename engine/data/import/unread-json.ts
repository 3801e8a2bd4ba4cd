/** Whose labels a JSON file holds that are not read, told by what is in it. */
import { z } from 'zod';

const Objects = z.array(z.looseObject({})).min(1);
const anyOf = (one: z.ZodType) =>
  z
    .record(z.string(), z.unknown())
    .refine((all) => Object.values(all).some((v) => one.safeParse(v).success));

/** Each with what it is and what to do, as the end of a sentence. */
const JSON_OF: readonly (readonly [z.ZodType, string])[] = [
  [
    z.array(z.object({ data: z.looseObject({}), annotations: Objects })).min(1),
    "Label Studio's own JSON: export it from there as COCO",
  ],
  [
    z.array(z.object({ image: z.string(), label: Objects })).min(1),
    "Label Studio's short JSON: export it from there as COCO",
  ],
  [
    z.object({ _via_img_metadata: z.looseObject({}) }),
    'a project of the VGG Image Annotator: export it from there as COCO',
  ],
  [
    anyOf(z.object({ filename: z.string(), regions: z.union([Objects, z.looseObject({})]) })),
    'of the VGG Image Annotator: export it from there as COCO',
  ],
  [
    z.object({ objects: z.array(z.object({ classTitle: z.string() })).min(1) }),
    "Supervisely's own JSON: export it from there as COCO or as masks",
  ],
  [
    z.array(z.object({ image: z.string(), annotations: Objects })).min(1),
    'CreateML, which has boxes and no outlines',
  ],
];

/** null: nobody's that is known. */
export const unreadJson = (json: unknown): string | null =>
  JSON_OF.find(([shape]) => shape.safeParse(json).success)?.[1] ?? null;
