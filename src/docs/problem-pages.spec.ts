import { describe, expect, it } from '@jest/globals';
import { AppError, ERROR_CODES, type ErrorCode } from '../common/app-error.js';
import { toProblem } from '../common/problem.js';
import { problemsHtml, problemsMarkdown } from './problem-pages.js';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe('the pages about problems', () => {
  it('have a section for each code, where the type of a problem points to', () => {
    const html = problemsHtml();
    const markdown = problemsMarkdown();
    for (const code of CODES) {
      const { type } = toProblem(new AppError(code, 'x'), { id: 'r', path: '/' });
      expect(html).toContain(`id="${type.split('#')[1] ?? ''}"`);
      expect(markdown.match(new RegExp(`^## ${code}$`, 'gm'))).toHaveLength(1);
    }
  });

  it('hold no markup of a text', () => {
    const text = problemsHtml().replace(
      /<\/?(html|head|meta|link|title|style|body|h1|h2|p|dl|dt|dd|code)\b[^>]*>|<!doctype html>/g,
      '',
    );
    expect(text).not.toMatch(/[<>]/);
    expect(text).toContain('&lt;access_token&gt;');
  });
});
