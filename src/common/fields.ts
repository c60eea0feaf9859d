import { applyDecorators, type Type as Class } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/**
 * Fields of fixed bodies, queries and answers: one decorator declares validation and OpenAPI at once. A field is
 * required unless `optional`; `nullable` also takes null (in a PATCH: remove).
 */
interface Common {
  readonly description?: string;
  readonly optional?: boolean;
  readonly nullable?: boolean;
  readonly example?: unknown;
  readonly deprecated?: boolean;
}

const NO_NUL = /^[^\u0000]*$/;
/** One line: no control characters. */
const LINE = /^[^\u0000-\u001f\u007f]*$/;

function field(
  common: Common,
  schema: Record<string, unknown>,
  ...rules: PropertyDecorator[]
): PropertyDecorator {
  const { optional = false, nullable = false, ...shown } = common;
  const options = { ...shown, ...schema, required: !optional, ...(nullable ? { nullable: true } : {}) };
  const presence = nullable
    ? [ValidateIf((_, value: unknown) => value !== null && !(optional && value === undefined))]
    : optional
      ? [ValidateIf((_, value: unknown) => value !== undefined)]
      : [];
  return applyDecorators(ApiProperty(options), ...presence, ...rules);
}

export interface StringOptions extends Common {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What `pattern` wants, in words that follow "must be"; told to who does not meet it. */
  readonly form?: string;
  /** Line breaks are allowed. */
  readonly multiline?: boolean;
  readonly format?: string;
  readonly default?: string;
}

/** Text of at most 255 characters unless `max` says otherwise. */
export function StringField(options: StringOptions = {}): PropertyDecorator {
  const {
    min = 0,
    max = 255,
    pattern,
    form,
    multiline = false,
    format,
    default: preset,
    ...common
  } = options;
  const shown = {
    type: String,
    maxLength: max,
    ...(min > 0 ? { minLength: min } : {}),
    ...(pattern ? { pattern: pattern.source } : {}),
    ...(format ? { format } : {}),
    ...(preset === undefined ? {} : { default: preset }),
  };
  const wanted = form === undefined ? '$property is not in the expected form' : `$property must be ${form}`;
  return field(
    common,
    shown,
    IsString(),
    MinLength(min),
    MaxLength(max),
    Matches(pattern ?? (multiline ? NO_NUL : LINE), {
      message: pattern ? wanted : '$property has control characters',
    }),
  );
}

export interface NumberOptions extends Common {
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

function numeric(type: string, rule: PropertyDecorator, options: NumberOptions): PropertyDecorator {
  const { min, max, default: preset, ...common } = options;
  const shown = {
    type,
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(preset === undefined ? {} : { default: preset }),
  };
  return field(
    common,
    shown,
    rule,
    ...(min === undefined ? [] : [Min(min)]),
    ...(max === undefined ? [] : [Max(max)]),
  );
}

/** A whole number. */
export function IntField(options: NumberOptions = {}): PropertyDecorator {
  return numeric('integer', IsInt(), options);
}

/** A whole number in a query string: plain digits only, where Number() would take '0x10', ' 1' and ''. */
export function IntQuery(options: NumberOptions = {}): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ),
    IntField(options),
  );
}

/** `true` or `false` in a query string. */
export function BoolQuery(options: Common & { readonly default?: boolean } = {}): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    BoolField(options),
  );
}

export function NumberField(options: NumberOptions = {}): PropertyDecorator {
  return numeric('number', IsNumber({ allowNaN: false, allowInfinity: false }), options);
}

export function BoolField(options: Common & { readonly default?: boolean } = {}): PropertyDecorator {
  const { default: preset, ...common } = options;
  return field(common, { type: Boolean, ...(preset === undefined ? {} : { default: preset }) }, IsBoolean());
}

export interface EnumOptions extends Common {
  /** Name of the schema that clients generate a type from. */
  readonly name: string;
  readonly default?: string;
  /** There may be more words than are known here: whoever reads the field checks it. */
  readonly open?: boolean;
}

/** One of the named words. */
export function EnumField(values: readonly string[], options: EnumOptions): PropertyDecorator {
  const { name, default: preset, open = false, ...common } = options;
  const shown = { enum: [...values], enumName: name, ...(preset === undefined ? {} : { default: preset }) };
  return field(common, shown, ...(open ? [IsString(), MaxLength(255)] : [IsIn([...values])]));
}

export function UuidField(options: Common = {}): PropertyDecorator {
  return field(options, { type: String, format: 'uuid' }, IsUUID());
}

/** A moment in ISO 8601 with its zone. */
export function DateField(options: Common = {}): PropertyDecorator {
  return field(
    options,
    { type: String, format: 'date-time' },
    IsISO8601({ strict: true, strictSeparator: true }),
    Matches(/(Z|[+-]\d\d:?\d\d)$/, { message: '$property needs a time zone, such as Z' }),
  );
}

export interface ListOptions extends Common {
  readonly max?: number;
  /** Longest item, where the items are texts. */
  readonly itemMax?: number;
  readonly itemPattern?: RegExp;
  readonly unique?: boolean;
  readonly itemFormat?: string;
}

/** A list of texts, at most 100 of at most 255 characters each unless told. */
export function TextListField(options: ListOptions = {}): PropertyDecorator {
  const { max = 100, itemMax = 255, itemPattern = LINE, unique = false, itemFormat, ...common } = options;
  const items = { type: 'string', maxLength: itemMax, ...(itemFormat ? { format: itemFormat } : {}) };
  return field(
    common,
    { type: 'array', items, maxItems: max, ...(unique ? { uniqueItems: true } : {}) },
    IsArray(),
    ArrayMaxSize(max),
    IsString({ each: true }),
    MaxLength(itemMax, { each: true }),
    Matches(itemPattern, { each: true, message: 'each item of $property must be in the expected form' }),
    ...(unique ? [ArrayUnique()] : []),
  );
}

/** A list of objects of one class. */
export function ObjectListField(of: Class, options: ListOptions = {}): PropertyDecorator {
  const { max, ...common } = options;
  return applyDecorators(
    field(
      common,
      { type: of, isArray: true, ...(max === undefined ? {} : { maxItems: max }) },
      IsArray(),
      ValidateNested({ each: true }),
      ...(max === undefined ? [] : [ArrayMaxSize(max)]),
    ),
    Type(() => of),
  );
}

/** An object of one class. */
export function ObjectField(of: Class, options: Common = {}): PropertyDecorator {
  return applyDecorators(
    field(options, { type: of }, IsObject(), ValidateNested()),
    Type(() => of),
  );
}

/**
 * An object whose inside is checked elsewhere, such as a connection by its spec; `schema` is what OpenAPI shows. It is
 * handed on as it was sent: class-transformer would drop keys such as `constructor` in silence.
 */
export function JsonField(schema: Record<string, unknown>, options: Common = {}): PropertyDecorator {
  return applyDecorators(
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key]),
    field(options, schema, IsObject()),
  );
}

/** A field that only answers have: anything goes, `schema` is what OpenAPI shows. */
export function Shown(schema: Record<string, unknown>, options: Common = {}): PropertyDecorator {
  return field(options, schema, IsOptional());
}
