import type { AnalysisResult, AnalysisTask } from '../analysis.js';
import { analyzeCsv } from './csv/analyze-csv.js';
import { analyzeJson } from './json/analyze-json.js';
import { ParseFault } from './parse-fault.js';
import { unpacked } from './unpacked.js';

/** What a parser thread runs. Imports nothing that opens files or sockets. */
export default async function analyze(task: AnalysisTask): Promise<AnalysisResult> {
  try {
    const { sample, packed } = await unpacked(task.sample);
    const analysis =
      task.format === 'csv' ? analyzeCsv(sample, task.options) : analyzeJson(sample, task.options);
    const properties = packed ? { ...analysis.properties, compression: 'gzip' } : analysis.properties;
    return { ok: true, analysis: { ...analysis, properties } };
  } catch (error) {
    if (!(error instanceof ParseFault)) throw error;
    const { code, message, hint } = error;
    return { ok: false, code, message, ...(hint === undefined ? {} : { hint }) };
  }
}
