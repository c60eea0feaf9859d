import type { Document, MediaType, Operation, Parameter, Response, Schema } from './schema.js';

const ref = (kind: 'headers' | 'responses', name: string): { readonly $ref: string } => ({
  $ref: `#/components/${kind}/${name}`,
});

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
const WITH_PARAMETERS = ['422'];

/** A header of these names is told by the security scheme or the media types. */
const UUID_PARAMETERS: Readonly<Record<string, string>> = {
  data_source_id: 'Id of the data source.',
  run_id: 'Id of the discovery run.',
};

/**
 * Gives each operation what all of them have: the problems that can meet any request of its kind, the headers of every
 * answer, an explicit `security`, and paths that say what their ids are. Problems become shared responses.
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
          responses[`Problem${status}`] = problem(status);
          operation.responses[status] = ref('responses', `Problem${status}`);
        } else {
          response.headers = { 'X-Request-Id': ref('headers', 'RequestId'), ...response.headers };
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
  const description = UUID_PARAMETERS[parameter.name];
  if (parameter.in !== 'path' || description === undefined) return;
  parameter.description ??= description;
  parameter.schema = { type: 'string', format: 'uuid' };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  '400': 'The request cannot be read.',
  '401': 'A valid access token is required.',
  '403': 'A permission is missing.',
  '404': 'There is no such resource in your organization.',
  '409': 'The request conflicts with the current state.',
  '412': 'The data source was changed in the meantime.',
  '413': 'The body is too large.',
  '415': 'The media type of the body is not supported.',
  '422': 'The request is not valid; `errors` names each field.',
  '428': 'A precondition is required.',
  '429': 'Too many requests.',
  '500': 'The product failed; `request_id` finds the reason in its log.',
  '502': 'The source failed.',
  '503': 'Not available for now.',
};

function problem(status: string): Response {
  const content: MediaType = { schema: { $ref: '#/components/schemas/ProblemDetails' } };
  return {
    description: DESCRIPTIONS[status] ?? 'Problem.',
    headers: {
      'X-Request-Id': ref('headers', 'RequestId'),
      ...(status === '401' || status === '403' ? { 'WWW-Authenticate': ref('headers', 'Challenge') } : {}),
      ...(status === '429' || status === '503' ? { 'Retry-After': ref('headers', 'RetryAfter') } : {}),
    },
    content: { 'application/problem+json': content },
  };
}
