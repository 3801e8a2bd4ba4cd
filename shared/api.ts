/**
 * The only list of what can be asked of the engine, and of what each call changes; what is told unasked is events.ts.
 * Inputs are validated once, in engine.call; outputs are typed by CallOutputs. Pixels and files do not travel in
 * messages: see exchange.ts.
 */
import { z } from 'zod';
import type { PretrainingExample, StudyAnalysis } from './analysis.ts';
import {
  PrimaryQuestion,
  type Author,
  CheckpointKind,
  type Dataset,
  type Encoder,
  type EngineInfo,
  type Kernels,
  type ImageRecord,
  type ImageResult,
  Id,
  type LabelMapRevision,
  type MetricPoint,
  NetworkConfig,
  OptimisationConfig,
  Part,
  PretrainingOptions,
  PretrainingTask,
  type Run,
  SamplingConfig,
  SegmentationClass,
  type Split,
  type Study,
  StudyConfig,
  type WeightFileReport,
} from './entities.ts';
import type { WireError } from './errors.ts';
import type { ChangedKind, EngineEvent } from './events.ts';
import { FilePath, Name, Origin } from './limits.ts';
import { MASK_READINGS, type MaskReading } from './mask-readings.ts';
import type { StudyPower } from './power.ts';
import type { PretrainingTaskFacts } from './pretraining-tasks.ts';
import type { StudyProgress } from './study-progress.ts';
import { type Settings, SettingsPatch } from './settings.ts';

// ───────────────────────────── inputs ─────────────────────────────

/** Absolute path of a project file that the engine has open. */
const project = FilePath;

/** More come in several pages, so that the engine answers others in between. */
export const MAX_IMAGES_A_PAGE = 10_000;

export const IMPORT_FORMATS = [
  'auto',
  'folder',
  'coco',
  'class-folder',
  'nnunet',
  'voc',
  'cityscapes',
  'ade20k',
  'dsb2018',
  'oxford-pet',
  'isic2018',
  'drive',
  'camvid',
  'isbi-em',
] as const;
export const ImportFormat = z.enum(IMPORT_FORMATS);
export type ImportFormat = z.infer<typeof ImportFormat>;

/** What pages of one file are: images of their own, channels of one image, or what the file itself says. */
export const PAGES_AS = ['auto', 'images', 'channels'] as const;
export const PagesAs = z.enum(PAGES_AS);
export type PagesAs = z.infer<typeof PagesAs>;

/** Where the one mask of a file of several images goes: on the first of them, or on every one. */
export const ONE_MASK = ['first', 'every'] as const;
export const OneMask = z.enum(ONE_MASK);
export type OneMask = z.infer<typeof OneMask>;

/** Whether class 0 is the background; auto: where its name does not say that it is something else. */
export const BACKGROUND_CHOICES = ['auto', 'yes', 'no'] as const;
export type BackgroundChoice = (typeof BACKGROUND_CHOICES)[number];

const ImportSource = {
  format: ImportFormat.default('auto'),
  /** Folder, or the JSON file of `coco`. */
  path: FilePath,
  /** Where the images of a `coco` file lie. */
  imagesDir: FilePath.nullable().default(null),
  /** How mask values are read where the layout does not say what they mean. */
  reading: z.enum(MASK_READINGS).default('auto'),
  pages: PagesAs.default('auto'),
  oneMask: OneMask.default('first'),
  background: z.enum(BACKGROUND_CHOICES).default('auto'),
  /**
   * Mask value or range of values ("7", "1-40", "#ff0000") → class index or 255 (ignore), in the place of what the
   * preview proposes for these values.
   */
  mapping: z.record(Name, z.number().int().min(0).max(255)).nullable().default(null),
};

/** graft: safetensors that Graft reads back; keras: a model as HDF5; onnx: for inference anywhere. */
export const MODEL_FORMATS = ['graft', 'keras', 'onnx'] as const;
const ModelFormat = z.enum(MODEL_FORMATS);
export type ModelFormat = z.infer<typeof ModelFormat>;

/**
 * auto: what the family of the file was trained with (ImageNet mean and deviation for torchvision and timm, −1 … 1 for
 * Keras' MobileNetV2); none: [0, 1] as it is; caffe: BGR, ImageNet mean, 0 … 255.
 */
export const PREPROCESSINGS = ['auto', 'none', 'imagenet', 'tf', 'caffe'] as const;
const PreprocessingName = z.enum(PREPROCESSINGS);
export type PreprocessingName = z.infer<typeof PreprocessingName>;

const WeightSource = {
  /** A weight file: safetensors, .h5, .weights.h5 or .keras. */
  path: FilePath,
  preprocessing: PreprocessingName.default('auto'),
  /** Decoder that the encoder is to be used with, for what the file does not say. */
  network: z.object({ base: z.number().int().min(2).max(128).default(8) }).prefault({}),
};

export const callInputs = {
  'system.doctor': z.object({}),
  'system.tasks': z.object({}),
  'system.generators': z.object({}),

  'settings.read': z.object({}),
  'settings.update': SettingsPatch,
  /** Told by the window when its first view is on the screen. */
  'window.painted': z.object({}),
  /** What a folder holds, for choosing files and folders; null: the user's home. */
  'files.list': z.object({ dir: FilePath.nullable() }),

  'project.create': z.object({ path: FilePath }),
  'project.open': z.object({ path: FilePath }),
  /** The sample project that comes with Graft; the user's own copy of it lies in his home folder. */
  'project.openSample': z.object({}),
  'project.close': z.object({ project }),
  'project.list': z.object({}),
  /** Of a project that is open or not; changes nothing. */
  'project.check': z.object({ project }),
  /** Beside the project where no other place is named. */
  'project.backup': z.object({ project, to: z.string().min(1).optional() }),
  /** Of a project that is open or not, from its backups beside it, from these, and from the files it was imported from. */
  'project.repair': z.object({ project, from: z.array(z.string().min(1)).default([]) }),
  /** Projects opened lately, latest first. */
  'project.recent': z.object({}),
  'project.forget': z.object({ path: FilePath }),

  'datasets.list': z.object({ project }),
  'datasets.generate': z.object({
    project,
    name: Name,
    generator: Name,
    count: z.number().int().min(1).max(100_000),
    sizePx: z.number().int().min(16).max(4096).default(64),
    seed: z.number().int().min(0).default(0),
  }),
  'datasets.preview': z.object(ImportSource),
  'datasets.import': z.object({
    project,
    name: Name,
    ...ImportSource,
    /** Keep originals where they are instead of copying them into the project. */
    link: z.boolean().default(false),
  }),
  'datasets.export': z.object({
    project,
    datasetId: Id,
    format: z.enum(['folder', 'coco']),
    dir: FilePath,
  }),
  /** Looks for the originals of linked images by their content, and notes where they lie now. */
  'datasets.relink': z.object({ project, datasetId: Id, dir: FilePath }),
  'datasets.rename': z.object({ project, datasetId: Id, name: Name }),
  'datasets.delete': z.object({ project, datasetId: Id }),
  /** Whether class 0 is the background. What was planned or trained before keeps what it was (Snapshot.hasBackground). */
  'datasets.setBackground': z.object({ project, datasetId: Id, hasBackground: z.boolean() }),
  'datasets.setClasses': z.object({
    project,
    datasetId: Id,
    classes: z.array(SegmentationClass).min(1).max(255),
  }),

  /** A page of a dataset, in the order of the import; `total` says how many there are. */
  'images.list': z.object({
    project,
    datasetId: Id,
    offset: z.number().int().min(0).default(0),
    limit: z.number().int().min(1).max(MAX_IMAGES_A_PAGE).default(1000),
  }),
  /** Those that are still there, in the order that they are asked for. */
  'images.get': z.object({ project, imageIds: z.array(Id) }),
  /** Of every labelled image of a dataset, or of some: who labelled it last, and which classes occur in it. */
  'images.labels': z.object({ project, datasetId: Id, imageIds: z.array(Id).optional() }),
  /** Images of one group never land in two parts of a split. */
  'images.setGroup': z.object({
    project,
    imageIds: z.array(Id).min(1),
    group: Name.nullable(),
  }),
  /** Over HTTP alone (exchange.ts): `bytes` do not travel in messages. */
  'labelMaps.save': z.object({
    project,
    imageId: Id,
    author: z.enum(['human', 'corrected']),
    /** Run whose prediction was accepted or corrected. */
    runId: Id.nullable(),
    /** Revision that was edited: refused (`conflict`) where a newer one exists; null: whatever is there. */
    base: Id.nullable(),
    /** label-map.ts code. */
    bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes'),
  }),
  'labelMaps.history': z.object({ project, imageId: Id }),
  /** Makes an old revision the current one by saving it anew. */
  'labelMaps.restore': z.object({ project, imageId: Id, labelMapId: Id }),

  'splits.list': z.object({ project, datasetId: Id }),
  'splits.create': z.object({
    project,
    datasetId: Id,
    name: Name,
    /** Shares below 1, or counts of images. */
    val: z.number().min(0).default(0.2),
    test: z.number().min(0).default(0.2),
    seed: z.number().int().min(0).default(0),
  }),
  /** A split put together by hand; replaces the one of the same name. */
  'splits.save': z.object({
    project,
    datasetId: Id,
    name: Name,
    items: z.array(z.object({ imageId: Id, part: Part })).min(1),
  }),
  'splits.items': z.object({ project, splitId: Id }),
  'splits.delete': z.object({ project, splitId: Id }),

  'encoders.list': z.object({ project }),
  'encoders.update': z.object({ project, encoderId: Id, notes: z.string().max(10_000) }),
  /** What a weight file holds, layer by layer, without importing it. */
  'encoders.inspect': z.object(WeightSource),
  /** Stores the weights of a file as an encoder. Nothing is stored where a layer does not fit. */
  'encoders.import': z.object({
    project,
    ...WeightSource,
    /** null: after the file. */
    name: Name.nullable().default(null),
  }),
  /** Writes an encoder (without a head) to a file; refuses to replace one. */
  'encoders.export': z.object({
    project,
    encoderId: Id,
    format: ModelFormat,
    path: FilePath,
  }),
  /** Takes an imported encoder out of the project; one that a run refers to stays. */
  'encoders.delete': z.object({ project, encoderId: Id }),
  /** Queues one pretraining outside a study. */
  'encoders.pretrain': z.object({
    project,
    datasetId: Id,
    task: PretrainingTask,
    network: NetworkConfig,
    sampling: SamplingConfig,
    optimisation: OptimisationConfig,
    options: PretrainingOptions.prefault({}),
    seed: z.number().int().min(0).default(0),
  }),

  'studies.list': z.object({ project }),
  /** What a study would run, and how long it would take on this machine. */
  'studies.plan': z.object({ project, config: StudyConfig, calibrate: z.boolean().default(true) }),
  'studies.create': z.object({ project, config: StudyConfig }),
  'studies.run': z.object({ project, studyId: Id }),
  'studies.pause': z.object({ project, studyId: Id }),
  'studies.cancel': z.object({ project, studyId: Id }),
  'studies.status': z.object({ project, studyId: Id }),
  /** Learning curves of all runs: validation Dice of fine-tuning, loss of pretraining. */
  'studies.metrics': z.object({ project, studyId: Id }),
  /** Test Dice of every finished fine-tuning, image by image. */
  'studies.results': z.object({ project, studyId: Id }),
  'studies.delete': z.object({ project, studyId: Id }),
  'studies.analysis': z.object({ project, studyId: Id }),
  /**
   * Seeds and test images that would decide, from this study as a pilot, and how long that takes. `delta`: another
   * margin than the study's; `primary`: other primary questions than the study's ([]: all that could be); `testImages`:
   * numbers to plan for, else once, twice and four times the pilot's.
   */
  'studies.power': z.object({
    project,
    studyId: Id,
    delta: z.number().positive().max(0.5).optional(),
    primary: z.array(PrimaryQuestion).optional(),
    testImages: z.array(z.number().int().min(2)).min(1).max(10).optional(),
  }),
  'studies.report': z.object({ project, studyId: Id, dir: FilePath }),
  /** The same as one HTML document, as it stands now. */
  'studies.reportPage': z.object({ project, studyId: Id }),

  /** All, or those that are still there of `runIds`. */
  'runs.list': z.object({ project, runIds: z.array(Id).optional() }),
  'runs.get': z.object({ project, runId: Id }),
  /** Pictures of what a pretrained network was asked and answers, on a few of its images. */
  'runs.examples': z.object({ project, runId: Id }),
  /** Puts a failed or cancelled run back into the queue. */
  'runs.retry': z.object({ project, runId: Id }),
  'runs.cancel': z.object({ project, runId: Id }),
  /** Writes the segmentation network of a finished fine-tuning run to a file; refuses to replace one. */
  'runs.export': z.object({
    project,
    runId: Id,
    checkpoint: CheckpointKind.default('best'),
    format: ModelFormat,
    path: FilePath,
  }),

  'predict.files': z.object({
    project,
    runId: Id,
    /** Image files, or folders with images in or beneath them. */
    paths: z.array(FilePath).min(1),
    /** Index PNGs are written here, in the folders that the images have beneath what was given. */
    dir: FilePath,
    /** What the pages of a file are; left out: what they were for the dataset that the run was trained on. */
    pages: PagesAs.optional(),
    /** Masks of these names that are in the folder are replaced; left out: nothing that is there is touched. */
    replace: z.boolean().optional(),
  }),
  'predict.dataset': z.object({ project, runId: Id, datasetId: Id }),
} satisfies Record<string, z.ZodType>;

export type CallName = keyof typeof callInputs;

/**
 * What each call changes, of a project or of what stays between starts; of runs that are under way the queue tells by
 * itself. A call that is not listed changes nothing of it; one that is must say what it has changed
 * (engine/handlers/context.ts), and engine.call tells everybody.
 */
export const CALL_CHANGES = {
  'settings.update': ['settings'],
  'project.create': ['projects'],
  'project.open': ['projects'],
  'project.openSample': ['projects'],
  'project.close': ['projects'],
  'project.forget': ['projects'],
  'project.repair': ['projects'],
  'datasets.generate': ['datasets'],
  'datasets.import': ['datasets'],
  'datasets.relink': ['datasets', 'images'],
  'datasets.rename': ['datasets'],
  'datasets.delete': ['datasets', 'runs'],
  'datasets.setBackground': ['datasets'],
  'datasets.setClasses': ['datasets'],
  'images.setGroup': ['images'],
  'labelMaps.save': ['images'],
  'labelMaps.restore': ['images'],
  'splits.create': ['splits'],
  'splits.save': ['splits'],
  'splits.delete': ['splits'],
  'encoders.update': ['encoders'],
  'encoders.import': ['encoders'],
  'encoders.delete': ['encoders', 'runs'],
  'encoders.pretrain': ['runs'],
  'studies.create': ['studies', 'runs', 'splits'],
  'studies.run': ['studies'],
  'studies.pause': ['studies'],
  'studies.cancel': ['studies'],
  'studies.delete': ['studies', 'runs', 'encoders'],
  'runs.retry': ['studies', 'runs'],
  'runs.cancel': ['studies', 'runs'],
  'predict.dataset': ['images'],
} as const satisfies Partial<Record<CallName, readonly ChangedKind[]>>;
export type MutationName = keyof typeof CALL_CHANGES;

/** What a caller writes: fields with defaults may be left out. */
export type CallInput<K extends CallName> = z.input<(typeof callInputs)[K]>;
/** What a handler receives. */
export type ParsedInput<K extends CallName> = z.output<(typeof callInputs)[K]>;

// ───────────────────────────── outputs ─────────────────────────────

export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do where it is not ok. */
  readonly remedy: string | null;
}

export interface DoctorReport {
  readonly graft: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of the processor, by the names under which they are sold: AVX2, AVX512-VNNI …; null where they are not known. */
  readonly processorFeatures: readonly string[] | null;
  /** The engine that training will use. */
  readonly engine: EngineInfo | null;
  /** Why it is not native TensorFlow, where it is not. */
  readonly engineReason: string | null;
  readonly checks: readonly DoctorCheck[];
}

export interface TaskInfo extends PretrainingTaskFacts {
  readonly task: PretrainingTask;
}

export interface GeneratorInfo {
  readonly name: string;
  readonly description: string;
}

export interface ProjectInfo {
  readonly path: string;
  readonly name: string;
  /** What it is and where it comes from; null where nothing was said. */
  readonly about: string | null;
  readonly datasets: number;
  readonly images: number;
  readonly studies: number;
  readonly runningStudies: number;
  /** Why nothing that is queued is trained for now. */
  readonly held: WireError | null;
  /** What cannot be read of it: then its numbers are 0. null: nothing was met. */
  readonly damaged: WireError | null;
}

export interface ExportReport {
  readonly files: number;
  readonly dir: string;
  /** What was left out because it is damaged in the project, in words. */
  readonly damaged: readonly string[];
}

export interface CheckReport {
  readonly ok: boolean;
  /** What is not as it was stored, in words. */
  readonly damaged: readonly string[];
}

export interface RepairReport {
  /** What was brought back, and where from, in words. */
  readonly repaired: readonly string[];
  /** What is nowhere to be had. */
  readonly lost: readonly string[];
  /** A new project with all that could be read, where more than bytes was damaged; the damaged one stays as it is. */
  readonly copy: string | null;
}

export interface RecentProject {
  readonly path: string;
  readonly name: string;
  readonly openedAt: string;
  /** Whether the file is still there. */
  readonly exists: boolean;
}

export interface FolderListing {
  readonly dir: string;
  /** null at the top. */
  readonly parent: string | null;
  readonly entries: readonly {
    readonly name: string;
    readonly path: string;
    readonly kind: 'folder' | 'file';
  }[];
}

export interface ImageLabels {
  readonly imageId: number;
  readonly author: Author;
  /** Of a prediction that nobody has touched; null otherwise. */
  readonly uncertainty: number | null;
  /** Label values that occur, ascending: class ids, and 255 for ignored pixels. */
  readonly classes: readonly number[];
}

export interface ImportIssue {
  /** File or annotation that it is about. */
  readonly path: string;
  readonly severity: 'skip' | 'change' | 'info';
  readonly message: string;
}

/** Another way to read masks, one click or flag away: what to ask for instead. */
export interface ImportAlternative {
  readonly words: string;
  /** The same on the command line. */
  readonly flag: string;
  readonly reading: MaskReading;
  readonly mapping: Readonly<Record<string, number>> | null;
}

/** Something that an import takes for granted and that may well be otherwise. */
export interface ImportDoubt {
  readonly message: string;
  /** Empty where there is nothing to choose, only something to look at. */
  readonly instead: readonly ImportAlternative[];
}

export interface ImportPreview {
  readonly format: Exclude<ImportFormat, 'auto'>;
  readonly why: string;
  readonly images: number;
  readonly labelled: number;
  readonly classes: readonly SegmentationClass[];
  /** As the dataset will have it; class 0 is scored where it is false. */
  readonly hasBackground: boolean;
  readonly imageClasses: readonly string[];
  /** Mask values found, and the class each becomes (255: ignore). */
  readonly values: readonly {
    readonly value: string;
    /** What `mapping` calls it; null: several that have no common name. */
    readonly key: string | null;
    readonly pixels: number;
    readonly becomes: number;
  }[];
  /** What to look at before importing. */
  readonly doubts: readonly ImportDoubt[];
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  /** Files with several pages, and those of several images that have one mask: what `pages` and `oneMask` are about. */
  readonly severalPages: number;
  readonly oneMasks: number;
  readonly issues: readonly ImportIssue[];
}

export interface ImportReport {
  readonly datasetId: number;
  readonly images: number;
  readonly labelled: number;
  /** Images that could not be read. */
  readonly skipped: number;
  /** Images that have a mask or annotations of which nothing could be used: they are unlabelled. */
  readonly droppedMasks: number;
  readonly issues: readonly ImportIssue[];
  readonly doubts: readonly ImportDoubt[];
  readonly splitId: number | null;
}

/** What became of the linked images of a dataset. */
export interface RelinkReport {
  readonly linked: number;
  /** Of these, those whose content lies in the folder … */
  readonly found: number;
  /** … and at another place than it did. */
  readonly moved: number;
  /** Not in the folder, but still where they were. */
  readonly unchanged: number;
  /** Neither in the folder nor where they were. */
  readonly missing: readonly {
    readonly imageId: number;
    readonly name: string;
    readonly message: string;
  }[];
  /** Files and folders that could not be looked into. */
  readonly unread: number;
}

export interface StudyPlan {
  readonly pretrainRuns: number;
  readonly finetuneRuns: number;
  readonly arms: readonly string[];
  /** Label counts with `all` resolved. */
  readonly labelCounts: readonly number[];
  readonly trainImages: number;
  readonly valImages: number;
  readonly testImages: number;
  /** Divisions of the target; the three numbers above are those of the first. */
  readonly splits: number;
  /** Images that are tested on in any of them. */
  readonly testedImages: number;
  readonly sourceImages: number;
  /** As StudyConfig.execution. */
  readonly execution: StudyConfig['execution'];
  readonly estimateSeconds: number | null;
  /** The same, where every label count goes on (StudyConfig.extension); equal where none may. */
  readonly longestSeconds: number | null;
  /** Measured by calibration: each way of sharing the processor, and its throughput; the chosen kernels in all but one. */
  readonly calibration: readonly {
    readonly threads: number;
    readonly parallel: number;
    /** Left out where there is no choice. */
    readonly kernels?: Kernels | undefined;
    readonly msPerStep: number;
    readonly stepsPerSecond: number;
  }[];
  /** Things worth knowing before the start: few seeds, indicative only, arms that do not fit. */
  readonly notes: readonly string[];
}

export interface StudyResults {
  readonly images: readonly {
    readonly imageId: number;
    readonly name: string;
    /** The label map that predictions were scored against. */
    readonly labelMapId: number | null;
  }[];
  readonly runs: readonly {
    readonly runId: number;
    /** Whether its weights are in the project, so that it can predict. */
    readonly predicts: boolean;
    /** Of the best-validation checkpoint, in the order of `images`; null where it was not scored. */
    readonly dice: readonly (number | null)[];
  }[];
}

export interface RunDetails {
  readonly run: Run;
  readonly metrics: readonly MetricPoint[];
  readonly results: readonly ImageResult[];
  readonly log: readonly { readonly at: string; readonly message: string }[];
}

export interface PredictReport {
  readonly predicted: number;
  /** What was predicted, the most uncertain first. */
  readonly masks: readonly {
    /** Image of the project, or null for a file. */
    readonly imageId: number | null;
    /** Name of the image, or path of the file. */
    readonly input: string;
    /** LabelMapRevision.uncertainty */
    readonly uncertainty: number;
  }[];
  readonly failed: readonly { readonly input: string; readonly message: string }[];
  /** What lay in the folders and was not predicted, and what of the images the network does not see. */
  readonly notes: readonly string[];
}

export interface FilesPredictReport extends PredictReport {
  readonly dir: string;
  /** How many files the images are of: each page or frame that is an image has a mask of its own. */
  readonly files: number;
  /** What of the files is no image, and what their pages were taken for. */
  readonly issues: readonly ImportIssue[];
}

/** What reading a weight file found. */
export interface WeightInspection extends WeightFileReport {
  readonly network: NetworkConfig;
  /** Why it cannot be imported; null where it can. */
  readonly obstacle: string | null;
}

export interface ExportedModel {
  readonly path: string;
  readonly bytes: number;
  /** Inputs and outputs, and what a user of the file must know, in words. */
  readonly notes: readonly string[];
}

export interface CallOutputs {
  'system.doctor': DoctorReport;
  'system.tasks': TaskInfo[];
  'system.generators': GeneratorInfo[];
  'settings.read': Settings;
  'settings.update': Settings;
  'window.painted': null;
  'files.list': FolderListing;
  'project.create': ProjectInfo;
  'project.open': ProjectInfo;
  'project.openSample': ProjectInfo;
  'project.close': null;
  'project.list': ProjectInfo[];
  'project.check': CheckReport;
  'project.backup': { path: string; bytes: number };
  'project.repair': RepairReport;
  'project.recent': RecentProject[];
  'project.forget': null;
  'datasets.list': Dataset[];
  'datasets.generate': Dataset;
  'datasets.preview': ImportPreview;
  'datasets.import': ImportReport;
  'datasets.export': ExportReport;
  'datasets.relink': RelinkReport;
  'datasets.rename': Dataset;
  'datasets.delete': null;
  'datasets.setBackground': Dataset;
  'datasets.setClasses': Dataset;
  'images.list': { images: ImageRecord[]; total: number };
  'images.get': ImageRecord[];
  'images.labels': ImageLabels[];
  'images.setGroup': null;
  'labelMaps.save': { id: number };
  'labelMaps.history': LabelMapRevision[];
  'labelMaps.restore': LabelMapRevision;
  'splits.list': Split[];
  'splits.create': Split;
  'splits.save': Split;
  'splits.items': { imageId: number; part: Part }[];
  'splits.delete': null;
  'encoders.list': Encoder[];
  'encoders.update': Encoder;
  'encoders.inspect': WeightInspection;
  'encoders.import': Encoder;
  'encoders.export': ExportedModel;
  'encoders.delete': null;
  'encoders.pretrain': Run;
  'studies.list': Study[];
  'studies.plan': StudyPlan;
  'studies.create': Study;
  'studies.run': StudyProgress;
  'studies.pause': StudyProgress;
  'studies.cancel': StudyProgress;
  'studies.status': StudyProgress;
  'studies.metrics': { runId: number; points: MetricPoint[] }[];
  'studies.results': StudyResults;
  'studies.delete': null;
  'studies.analysis': StudyAnalysis;
  'studies.power': StudyPower;
  'studies.report': {
    html: string;
    json: string;
    csv: string;
    headline: readonly string[];
    /** What a reader must know beside it: a baseline that has not converged, runs that are missing, quick mode … */
    notes: readonly string[];
  };
  'studies.reportPage': string;
  'runs.list': Run[];
  'runs.get': RunDetails;
  'runs.examples': PretrainingExample[];
  'runs.retry': Run;
  'runs.cancel': Run;
  'runs.export': ExportedModel;
  'predict.files': FilesPredictReport;
  'predict.dataset': PredictReport;
}

// ───────────────────────────── progress ─────────────────────────────

/** Of one long call. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

// ───────────────────────────── messages on the WebSocket ─────────────────────────────

export const ClientMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('call'),
    id: z.number().int(),
    name: z.string().max(100),
    input: z.unknown(),
    /** Who calls; comes back in the news of what the call changed. */
    origin: Origin.optional(),
  }),
  z.object({ type: z.literal('cancel'), id: z.number().int() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

export type ServerMessage =
  | { readonly type: 'result'; readonly id: number; readonly output: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly type: 'event'; readonly event: EngineEvent };
