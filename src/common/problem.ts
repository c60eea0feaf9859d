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

/** Declares the problems that an operation answers with; what each status means stands in openapi/problem-responses.ts. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(...statuses.map((status) => ApiResponse({ status })));
}
