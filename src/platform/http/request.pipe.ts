import { Injectable, ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { AppError, type FieldFault } from '../../common/app-error.js';

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
  const name = property.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
  const place = isBody ? { pointer: `${at}/${name}` } : { parameter: property.slice(0, 100) };
  // Where nothing was sent, what else it should have been is noise.
  if (value === undefined && constraints)
    return [{ ...place, code: 'required', detail: 'This field is required.' }];
  const own = Object.entries(constraints ?? {}).map(([rule, text]) =>
    rule === 'whitelistValidation'
      ? { ...place, code: 'unknown_field', detail: 'This field is not known.' }
      : { ...place, code: rule, detail: sentence(text) },
  );
  return [...own, ...(children ?? []).flatMap((child) => flatten(child, isBody, `${at}/${name}`))];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
