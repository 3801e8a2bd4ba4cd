/** Protocol buffers by tables of their fields, so that no compiler is needed: only the messages and fields that are written. */
import protobuf from 'protobufjs/light.js';

export type Field = readonly [
  name: string,
  number: number,
  type: string,
  repeated?: 'repeated' | 'map',
];

/**
 * The bytes of messages, by name. A message holds its fields by the names of the table, those alone that are to be
 * written. Repeated numbers are written one by one, which every reader takes.
 */
export function protobufEncoder(messages: Readonly<Record<string, readonly Field[]>>) {
  const root = new protobuf.Root();
  for (const [message, fields] of Object.entries(messages)) {
    const type = new protobuf.Type(message);
    for (const [name, number, of, repeated] of fields) {
      type.add(
        repeated === 'map'
          ? new protobuf.MapField(name, number, 'string', of)
          : new protobuf.Field(name, number, of, repeated, undefined, { packed: false }),
      );
    }
    root.add(type);
  }
  return (name: string, message: Readonly<Record<string, unknown>>): Uint8Array =>
    root.lookupType(name).encode(message).finish();
}
