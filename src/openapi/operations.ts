import { problemResponse } from './problem-responses.js';
import {
  componentPart,
  without,
  type Document,
  type Operation,
  type Parameter,
  type Response,
  type Schema,
} from './schema.js';

/** Headers that more than one answer has. */
const HEADERS: Readonly<Record<string, Schema>> = {
  RequestId: {
    description: 'Id of the request in the logs: the one that was sent in X-Request-Id, or a new one.',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'Seconds to wait before another try.', schema: { type: 'integer' } },
  Challenge: {
    description: 'RFC 6750: what is wrong with the token, or which permission is missing.',
    schema: { type: 'string' },
  },
};

/** Problems that any operation may end with, by what it has. The operations themselves declare the others. */
const ALWAYS = ['500'];
const WITH_TOKEN = ['401', '403', '503'];
const WITH_BODY = ['400', '413', '415', '422'];
const WITH_PARAMETERS = ['400', '422'];

const PATH_PARAMETERS: Readonly<Record<string, Partial<Parameter>>> = {
  data_source_id: { description: 'Id of the data source.', schema: { type: 'string', format: 'uuid' } },
  run_id: { description: 'Id of the discovery run.', schema: { type: 'string', format: 'uuid' } },
  type: { description: 'Type of the catalogue.', schema: { type: 'string', example: 'postgresql' } },
};

/**
 * Gives each operation what all of them have: the problems that can meet any request of its kind, the headers of every
 * answer, an explicit `security`, and described parameters. Problems become shared responses.
 */
export function completeOperations(document: Document): void {
  const responses: Record<string, Response> = {};
  for (const item of Object.values(document.paths))
    for (const operation of Object.values(item)) {
      operation.security ??= [];
      operation.parameters?.forEach(describeParameter);
      for (const status of problemsOf(operation)) operation.responses[status] ??= {};
      for (const [status, response] of Object.entries(operation.responses))
        if (Number(status) >= 400) {
          responses[`Problem${status}`] = problemResponse(status);
          operation.responses[status] = componentPart('responses', `Problem${status}`);
        } else {
          response.headers = { 'X-Request-Id': componentPart('headers', 'RequestId'), ...response.headers };
          response.description ||= status === '201' ? 'It was created.' : 'Done.';
        }
    }
  document.components.responses = Object.fromEntries(Object.entries(responses).sort());
  document.components.headers = { ...HEADERS };
}

function problemsOf({ security = [], parameters = [], requestBody }: Operation): string[] {
  return [
    ...ALWAYS,
    ...(security.length > 0 ? WITH_TOKEN : []),
    ...(requestBody ? WITH_BODY : []),
    ...(parameters.length > 0 ? WITH_PARAMETERS : []),
  ];
}

function describeParameter(parameter: Parameter): void {
  if (parameter.in === 'path') {
    Object.assign(parameter, PATH_PARAMETERS[parameter.name]);
    return;
  }
  // Swagger UI fills an example into the form, where it would be sent: so it is told in words.
  const { schema = {}, description } = parameter;
  const example = parameter.example ?? schema.example;
  if (typeof example !== 'string') return;
  delete parameter.example;
  parameter.schema = without(schema, 'example');
  parameter.description = [description, `For example \`${example}\`.`].filter(Boolean).join(' ');
}
