/**
 * The part of Python's pickle that weights need: numbers, text, tuples, lists, dictionaries, and the few names that the
 * caller knows. A pickle is a program that calls what it names; here nothing it names is ever looked up or run: what the
 * caller does not know is refused by its name, as is every other instruction.
 * Instructions: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
import { AppError } from '../../../shared/errors.ts';

/** What a pickle names: a class or a function, as 'module.name'. */
export class PickledName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class PickledTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** Dictionaries are Maps, so that no key is a special one; lists are arrays. */
export type PickledKey = string | number | boolean;
export type PickledDictionary = Map<PickledKey, unknown>;

const ORDERED_DICTIONARY = 'collections.OrderedDict';

export interface PickleMeaning {
  /** Names that may stand in the pickle, beside ORDERED_DICTIONARY. */
  readonly names: ReadonlySet<string>;
  /** What calling one of them gives. Errors: Error, in words, where the arguments are none of its. */
  call(name: string, args: readonly unknown[]): unknown;
  /** What stands outside the pickle under this id. Errors: Error, in words. */
  stored(id: unknown): unknown;
}

export interface ReadPickle {
  readonly value: unknown;
  /** Where the pickle ends. */
  readonly end: number;
}

/** A network has some thousands of tensors, of a dozen values each. */
const MOST_VALUES = 2_000_000;
const MOST_LINE_BYTES = 1000;
const MOST_LONG_BYTES = 16;

/** What can be met in damaged and in hostile files, by its byte. */
const REFUSED: Readonly<Record<number, string>> = {
  0x30: 'POP',
  0x31: 'POP_MARK',
  0x32: 'DUP',
  0x46: 'FLOAT',
  0x49: 'INT',
  0x4c: 'LONG',
  0x50: 'PERSID',
  0x53: 'STRING',
  0x56: 'UNICODE',
  0x42: 'BINBYTES',
  0x43: 'SHORT_BINBYTES',
  0x69: 'INST',
  0x6f: 'OBJ',
  0x67: 'GET',
  0x70: 'PUT',
  0x64: 'DICT',
  0x6c: 'LIST',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x8e: 'BINBYTES8',
  0x8f: 'EMPTY_SET',
  0x90: 'ADDITEMS',
  0x91: 'FROZENSET',
  0x92: 'NEWOBJ_EX',
  0x96: 'BYTEARRAY8',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
};

const isKey = (value: unknown): value is PickledKey =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

class Machine {
  readonly #bytes: Buffer;
  readonly #meaning: PickleMeaning;
  readonly #subject: string;
  readonly #memo = new Map<number, unknown>();
  /** Stacks below the last marks. */
  readonly #below: unknown[][] = [];
  #stack: unknown[] = [];
  #at: number;
  #values = 0;

  constructor(bytes: Buffer, at: number, { meaning, subject }: PickleOptions) {
    this.#bytes = bytes;
    this.#at = at;
    this.#meaning = meaning;
    this.#subject = subject;
  }

  #refuse(what: string): AppError {
    return new AppError(
      'unsupported',
      `${this.#subject} is a pickle that ${what}. Graft reads tensors, dictionaries and numbers of such files and runs nothing: nothing of it was imported. Load it where you trust it and save its weights alone: torch.save(model.state_dict(), "weights.pth").`,
      { subject: this.#subject },
    );
  }

  /** Where the next `count` bytes begin. */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw new Error('it ends in the middle of a pickle');
    this.#at = at + count;
    return at;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > MOST_LINE_BYTES) throw new Error('a name has no end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #text(length: number, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    const at = this.#take(length);
    this.#push(this.#bytes.toString(encoding, at, at + length));
  }

  /** Little-endian, two's complement. A number beyond 2^53 − 1 is a bigint. */
  #long(length: number): void {
    if (length > MOST_LONG_BYTES) throw new Error(`a number has ${length} bytes`);
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i] ?? 0);
    value = BigInt.asIntN(8 * length, value);
    const small = Number(value);
    this.#push(Number.isSafeInteger(small) ? small : value);
  }

  #push(value: unknown): void {
    if (++this.#values > MOST_VALUES) throw new Error(`it has more than ${MOST_VALUES} values`);
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw new Error('it takes from an empty stack');
    return this.#stack.pop();
  }

  #popToMark(): unknown[] {
    const items = this.#stack;
    const below = this.#below.pop();
    if (below === undefined) throw new Error('a mark is missing');
    this.#stack = below;
    return items;
  }

  #name(module: string, name: string): void {
    const full = `${module}.${name}`;
    if (full !== ORDERED_DICTIONARY && !this.#meaning.names.has(full)) {
      throw this.#refuse(`asks for ${JSON.stringify(full).slice(1, -1)}`);
    }
    this.#push(new PickledName(full));
  }

  #call(): void {
    const args = this.#pop();
    const what = this.#pop();
    if (!(what instanceof PickledName)) throw this.#refuse('calls what is no function');
    if (!(args instanceof PickledTuple)) throw new Error('a call has no arguments');
    if (what.name !== ORDERED_DICTIONARY) {
      this.#push(this.#meaning.call(what.name, args.items));
      return;
    }
    // As Python 2 wrote them: a list of pairs.
    const made: PickledDictionary = new Map();
    const [pairs = [], ...more] = args.items;
    if (!Array.isArray(pairs) || more.length > 0) throw this.#refuse('makes a dictionary oddly');
    for (const pair of pairs as readonly unknown[]) {
      const two = pair instanceof PickledTuple ? pair.items : pair;
      if (!Array.isArray(two)) throw this.#refuse('makes a dictionary oddly');
      this.#set(made, two as readonly unknown[]);
    }
    this.#push(made);
  }

  #set(dictionary: unknown, pairs: readonly unknown[]): void {
    if (!(dictionary instanceof Map)) throw this.#refuse('sets items of what is no dictionary');
    if (pairs.length % 2 !== 0) throw new Error('a key has no value');
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (!isKey(key)) throw this.#refuse('has keys that are neither text nor numbers');
      dictionary.set(key, pairs[i + 1]);
    }
  }

  #append(items: readonly unknown[]): void {
    const list = this.#stack.at(-1);
    if (!Array.isArray(list)) throw this.#refuse('appends to what is no list');
    for (const item of items) list.push(item);
  }

  /**
   * State behind a value: PyTorch gives its dictionaries the versions of their layers, and old parameters whether they are
   * trained. Neither is weights: it is dropped.
   */
  #build(): void {
    const state = this.#pop();
    const isDropped = state instanceof Map || state instanceof PickledTuple;
    const target = this.#stack.at(-1);
    if (target === undefined || target instanceof PickledName || !isDropped) {
      throw this.#refuse('builds an object of its own (BUILD)');
    }
    if (typeof target !== 'object' || target === null || Array.isArray(target)) {
      throw this.#refuse('builds an object of its own (BUILD)');
    }
  }

  #remember(index: number): void {
    if (this.#stack.length === 0) throw new Error('it remembers nothing');
    this.#memo.set(index, this.#stack.at(-1));
  }

  #recall(index: number): void {
    if (!this.#memo.has(index)) throw new Error('it recalls what it never had');
    this.#push(this.#memo.get(index));
  }

  #tuple(count: number): void {
    if (this.#stack.length < count) throw new Error('it takes from an empty stack');
    this.#push(new PickledTuple(this.#stack.splice(this.#stack.length - count)));
  }

  /** Up to and with STOP. */
  run(): ReadPickle {
    const bytes = this.#bytes;
    for (;;) {
      const code = bytes[this.#take(1)] ?? 0;
      switch (code) {
        case 0x80: {
          const version = bytes[this.#take(1)] ?? 0;
          if (version > 5) throw new Error(`it is of version ${version}`);
          break;
        }
        case 0x95: // FRAME
          this.#take(8);
          break;
        case 0x28:
          this.#below.push(this.#stack);
          this.#stack = [];
          break;
        case 0x4e:
          this.#push(null);
          break;
        case 0x88:
          this.#push(true);
          break;
        case 0x89:
          this.#push(false);
          break;
        case 0x4a:
          this.#push(bytes.readInt32LE(this.#take(4)));
          break;
        case 0x4b:
          this.#push(bytes[this.#take(1)]);
          break;
        case 0x4d:
          this.#push(bytes.readUInt16LE(this.#take(2)));
          break;
        case 0x47:
          this.#push(bytes.readDoubleBE(this.#take(8)));
          break;
        case 0x8a:
          this.#long(bytes[this.#take(1)] ?? 0);
          break;
        case 0x8b:
          this.#long(bytes.readUInt32LE(this.#take(4)));
          break;
        case 0x58:
          this.#text(bytes.readUInt32LE(this.#take(4)));
          break;
        case 0x8c:
          this.#text(bytes[this.#take(1)] ?? 0);
          break;
        case 0x8d:
          this.#text(Number(bytes.readBigUInt64LE(this.#take(8))));
          break;
        case 0x54:
          this.#text(bytes.readUInt32LE(this.#take(4)), 'latin1');
          break;
        case 0x55:
          this.#text(bytes[this.#take(1)] ?? 0, 'latin1');
          break;
        case 0x7d:
          this.#push(new Map());
          break;
        case 0x5d:
          this.#push([]);
          break;
        case 0x29:
          this.#push(new PickledTuple([]));
          break;
        case 0x85:
        case 0x86:
        case 0x87:
          this.#tuple(code - 0x84);
          break;
        case 0x74:
          this.#push(new PickledTuple(this.#popToMark()));
          break;
        case 0x73: {
          const value = this.#pop();
          const key = this.#pop();
          this.#set(this.#stack.at(-1), [key, value]);
          break;
        }
        case 0x75: {
          const pairs = this.#popToMark();
          this.#set(this.#stack.at(-1), pairs);
          break;
        }
        case 0x61:
          this.#append([this.#pop()]);
          break;
        case 0x65:
          this.#append(this.#popToMark());
          break;
        case 0x71:
          this.#remember(bytes[this.#take(1)] ?? 0);
          break;
        case 0x72:
          this.#remember(bytes.readUInt32LE(this.#take(4)));
          break;
        case 0x94:
          this.#remember(this.#memo.size);
          break;
        case 0x68:
          this.#recall(bytes[this.#take(1)] ?? 0);
          break;
        case 0x6a:
          this.#recall(bytes.readUInt32LE(this.#take(4)));
          break;
        case 0x63: {
          const module = this.#line();
          this.#name(module, this.#line());
          break;
        }
        case 0x93: {
          const [name, module] = [this.#pop(), this.#pop()];
          if (typeof name !== 'string' || typeof module !== 'string') {
            throw this.#refuse('asks for something without a name');
          }
          this.#name(module, name);
          break;
        }
        case 0x52: // REDUCE
        case 0x81: // NEWOBJ
          this.#call();
          break;
        case 0x62:
          this.#build();
          break;
        case 0x51:
          this.#push(this.#meaning.stored(this.#pop()));
          break;
        case 0x2e:
          return { value: this.#pop(), end: this.#at };
        default:
          throw this.#refuse(
            `holds the instruction ${REFUSED[code] ?? `0x${code.toString(16).padStart(2, '0')}`}`,
          );
      }
    }
  }
}

export interface PickleOptions {
  readonly meaning: PickleMeaning;
  /** The file, for messages. */
  readonly subject: string;
}

/**
 * The pickle that begins at `at`. Errors: unsupported, where it asks for anything but values, by name; Error, in words that
 * go on after the name of the file, where it is damaged.
 */
export const readPickle = (bytes: Buffer, at: number, options: PickleOptions): ReadPickle =>
  new Machine(bytes, at, options).run();
