import { Injectable, ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { AppError, type FieldFault } from '../../common/app-error.js';
import { escapePointer } from '../../common/json-pointer.js';

class Faults extends Error {
  constructor(readonly errors: readonly ValidationError[]) {
    super('invalid');
  }
}

/** Checks bodies and queries against their classes: every fault at once, by pointer or parameter, never with a value. */
@Injectable()
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      transform: true,
      validationError: { target: false, value: true },
      exceptionFactory: (errors) => new Faults(errors),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isBody = metadata.type === 'body';
    if (
      isBody &&
      value !== undefined &&
      (typeof value !== 'object' || value === null || Array.isArray(value))
    )
      throw AppError.invalid('', 'The body must be an object.', 'type');
    if (metadata.type === 'query') refuseLostNames(value);
    try {
      return (await super.transform(isBody ? (value ?? {}) : value, metadata)) as unknown;
    } catch (error) {
      if (!(error instanceof Faults)) throw error;
      throw new AppError('VALIDATION_FAILED', 'The request is not valid: see errors.', {
        errors: error.errors.flatMap((fault) => flatten(fault, isBody, '')).slice(0, 100),
      });
    }
  }
}

function flatten(
  { property, constraints, children, value }: ValidationError,
  isBody: boolean,
  at: string,
): FieldFault[] {
  const name = escapePointer(property);
  const place = isBody ? { pointer: `${at}/${name}` } : { parameter: property.slice(0, 100) };
  // Where nothing was sent, what else it should have been is noise.
  if (value === undefined && constraints)
    return [{ ...place, code: 'required', detail: 'This field is required.' }];
  const own = decisive(Object.entries(constraints ?? {})).map(([rule, text]) =>
    rule === 'whitelistValidation'
      ? { ...place, code: 'unknown_field', detail: 'This field is not known.' }
      : { ...place, code: rule, detail: sentence(text) },
  );
  return [...own, ...(children ?? []).flatMap((child) => flatten(child, isBody, `${at}/${name}`))];
}

/** Rules about what a value is; where one of them is broken, how long or how large it is does not matter. */
const KINDS = ['isString', 'isInt', 'isNumber', 'isBoolean', 'isArray', 'isObject', 'isUuid', 'isIso8601'];

function decisive(broken: [string, string][]): [string, string][] {
  const kind = broken.find(([rule]) => KINDS.includes(rule));
  return kind ? [kind] : broken;
}

/** Names that the transformation of a query drops. */
function refuseLostNames(query: unknown): void {
  const names = Object.keys(query ?? {}).filter((name) => ['__proto__', 'constructor'].includes(name));
  if (names.length === 0) return;
  throw new AppError('VALIDATION_FAILED', 'The request is not valid: see errors.', {
    errors: names.map((parameter) => ({
      parameter,
      code: 'unknown_field',
      detail: 'This field is not known.',
    })),
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
