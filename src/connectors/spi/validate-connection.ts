import type { TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { AppError, type FieldFault } from '../../common/app-error.js';
import { escapePointer } from '../../common/json-pointer.js';

type Json = Record<string, unknown>;

/** The part of a connector's definition that judges a connection. */
interface Checked {
  readonly spec: TObject;
  /** Further faults, with pointers from the connection on, such as `/project`. */
  check?(config: never): readonly (FieldFault & { readonly pointer: string })[];
}

const compiled = new WeakMap<TObject, ReturnType<typeof Compile>>();

/**
 * Checks a connection against its spec, then by the connector's own rules: every fault with its JSON pointer, never a
 * value. Gives back a copy with the defaults filled in.
 *
 * @param at pointer of the connection in the request, such as `/connection`.
 */
export function validateConnection(definition: Checked, connection: unknown, at = '/connection'): Json {
  const { spec } = definition;
  let checker = compiled.get(spec);
  if (!checker) compiled.set(spec, (checker = Compile(spec)));
  if (!checker.Check(connection)) {
    throw new AppError('CONFIG_INVALID', 'The connection does not fit its type.', {
      errors: faultsOf([...checker.Errors(connection)], at),
    });
  }
  const complete = Value.Default(spec, structuredClone(connection)) as Json;
  const faults = definition.check?.(complete as never) ?? [];
  if (faults.length > 0)
    throw new AppError('CONFIG_INVALID', 'The connection does not fit its type.', {
      errors: faults.map((fault) => ({ ...fault, pointer: at + fault.pointer })),
    });
  return complete;
}

interface RawFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function faultsOf(raw: readonly RawFault[], at: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const unknown = (pointer: string): void => {
    if (faults.some((fault) => fault.pointer === pointer && fault.code === 'unknown_field')) return;
    faults.push({ pointer, code: 'unknown_field', detail: 'This field is not known.' });
  };
  for (const { keyword, instancePath, message, params } of raw) {
    const pointer = at + instancePath;
    if (keyword === 'additionalProperties') {
      for (const key of (params as { additionalProperties: string[] }).additionalProperties)
        unknown(`${pointer}/${escapePointer(key)}`);
    } else if (keyword === 'required') {
      for (const key of (params as { requiredProperties: string[] }).requiredProperties)
        faults.push({
          pointer: `${pointer}/${escapePointer(key)}`,
          code: 'required',
          detail: 'This field is required.',
        });
    } else if (keyword === 'enum') {
      const { allowedValues } = params as { allowedValues: unknown[] };
      faults.push({ pointer, code: 'enum', detail: `It must be one of ${allowedValues.join(', ')}.` });
    } else if (keyword === 'boolean') {
      // A field that is not in the spec; the list of all of them may be missing where they are many.
      unknown(pointer);
    } else {
      faults.push({
        pointer,
        code: keyword,
        detail: keyword === 'pattern' ? 'This is not in the expected form.' : `It ${message}.`,
      });
    }
  }
  return faults.length > 0 ? faults : [{ pointer: at, code: 'invalid', detail: 'The value does not fit.' }];
}
