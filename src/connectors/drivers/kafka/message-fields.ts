import { AvroSchema } from '../../families/files/worker/avro/avro-schema.js';
import { FieldLister } from '../../families/files/worker/field-list.js';
import { bundled } from '../../families/records/bundled-schema.js';
import { SchemaFields } from '../../families/records/schema-fields.js';
import type { Field } from '../../spi/index.js';
import { protobufColumns } from './protobuf.js';
import type { RegisteredSchema } from './schema-registry.js';

/** Where the key of a message stands among the fields of its value. */
const KEY = '_key';

/** The fields that a registered schema declares; undefined where it cannot be read. */
export function fieldsOf({ kind, text, references }: RegisteredSchema): Field[] | undefined {
  try {
    const lister = new FieldLister();
    const others = [...references.values()];
    if (kind === 'AVRO') {
      const named = others.map((other) => JSON.parse(other) as unknown);
      return lister.list(new AvroSchema(JSON.parse(text), lister, named).columns());
    }
    if (kind === 'PROTOBUF') return lister.list(protobufColumns(text, lister, others));
    if (kind !== 'JSON') return undefined;
    const document = bundled(JSON.parse(text), references);
    return document && new SchemaFields(document).read(document).fields;
  } catch {
    // It refers to a schema that is not there, or is damaged: the topic is there all the same.
    return undefined;
  }
}

/** The fields of a topic: those of the value, and one for the key. */
export function messageFields(
  key: RegisteredSchema | undefined,
  value: RegisteredSchema | undefined,
): Field[] {
  const fields = (value && fieldsOf(value)) ?? [];
  const keyFields = key && fieldsOf(key);
  if (!keyFields || fields.some(({ name }) => name === KEY)) return fields;
  const [only] = keyFields;
  const isScalar = keyFields.length === 1 && only?.name === 'value' && only.fields === undefined;
  const ordinal = fields.length + 1;
  return [
    ...fields,
    isScalar
      ? { ...only, name: KEY, ordinal }
      : {
          name: KEY,
          ordinal,
          native_type: key.kind.toLowerCase(),
          type: 'object',
          nullable: false,
          fields: keyFields,
        },
  ];
}
