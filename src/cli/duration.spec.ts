import { describe, expect, it } from '@jest/globals';
import { durationInSeconds } from './duration.js';

describe('durationInSeconds', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['8h', 28_800],
    ['7d', 604_800],
  ])('reads %s as %d seconds', (text, seconds) => expect(durationInSeconds(text)).toBe(seconds));

  it.each(['', '8', 'h', '-1h', '0s', '1.5h', '8h ', '8H', '99999999d'])('refuses "%s"', (text) =>
    expect(durationInSeconds(text)).toBeUndefined(),
  );
});
