import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiResponse } from '@nestjs/swagger';
import { ERROR_CODES, type AppError, type ErrorCode } from './app-error.js';

export class ProblemFault {
  @ApiProperty({
    required: false,
    description: 'RFC 6901 JSON pointer into the body.',
    example: '/connection/host',
  })
  pointer?: string;

  @ApiProperty({ required: false, description: 'Name of the query or path parameter or of the header.' })
  parameter?: string;

  @ApiProperty({ example: 'required' })
  code!: string;

  @ApiProperty({ example: 'This field is required.' })
  detail!: string;
}

/** RFC 9457 problem: the one shape of every answer that is not a success. */
export class ProblemDetails {
  @ApiProperty({ format: 'uri-reference', example: '/docs/problems#validation_failed' })
  type!: string;

  @ApiProperty({ example: 'The request is not valid' })
  title!: string;

  @ApiProperty({ type: 'integer', example: 422 })
  status!: number;

  @ApiProperty()
  detail!: string;

  @ApiProperty({ description: 'Path of the request.' })
  instance!: string;

  @ApiProperty({
    enum: Object.keys(ERROR_CODES),
    enumName: 'ErrorCode',
    description: 'The contract: program against this.',
  })
  code!: ErrorCode;

  @ApiProperty({ description: 'Also in the header X-Request-Id and in the logs.' })
  request_id!: string;

  @ApiProperty({ type: [ProblemFault], required: false })
  errors?: readonly ProblemFault[];

  @ApiProperty({ description: 'Whether the same request may succeed later.' })
  retryable!: boolean;

  @ApiProperty({ required: false, description: 'What to do about it.' })
  hint?: string;
}

/** The problem document of an error, for one request. */
export function toProblem(
  error: AppError,
  request: { readonly id: string; readonly path: string },
): ProblemDetails {
  const { errors, hint } = error.details;
  return {
    type: `/docs/problems#${error.code.toLowerCase()}`,
    title: ERROR_CODES[error.code].title,
    status: error.status,
    detail: error.message,
    instance: request.path,
    code: error.code,
    request_id: request.id,
    ...(errors ? { errors } : {}),
    retryable: error.retryable,
    ...(hint ? { hint } : {}),
  };
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  401: 'A valid access token is required.',
  403: 'A permission is missing.',
  404: 'There is no such resource in your organization.',
  409: 'The request conflicts with the current state.',
  412: 'The data source was changed in the meantime.',
  413: 'The body is too large.',
  415: 'The media type is not supported.',
  422: 'The request is not valid; `errors` names each field.',
  428: 'A precondition is required.',
  429: 'Too many requests.',
  500: 'Internal error.',
  502: 'The source failed.',
  503: 'Not available for now; see Retry-After.',
};

/** Declares the problems that an operation answers with. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: DESCRIPTIONS[status] ?? 'Problem.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDetails' } } },
        ...(status === 503 || status === 429
          ? { headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } } }
          : {}),
      }),
    ),
  );
}
