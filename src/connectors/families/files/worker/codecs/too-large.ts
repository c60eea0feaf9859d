import { ParseFault } from '../parse-fault.js';

export function tooLarge(): ParseFault {
  return new ParseFault(
    'A packed block of the file unpacks to more than is allowed.',
    'FILE_TOO_LARGE_INFLATED',
  );
}
