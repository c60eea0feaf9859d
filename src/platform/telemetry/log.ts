import { Injectable, type LoggerService } from '@nestjs/common';
import { pino, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { AppError } from '../../common/app-error.js';
import { nativeCode } from '../../common/native-code.js';
import { Config } from '../config/config.js';

/** What may be known of an error in a log: never its message or its fields, which may hold secrets, unless it is ours. */
export function safeError(error: unknown): Record<string, unknown> {
  if (error instanceof AppError) return { error_code: error.code, message: error.message };
  if (!(error instanceof Error)) return { error_class: typeof error };
  const at = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    error_class: error.name,
    native_code: nativeCode(error),
    stack: at.slice(0, 12).map((line) => line.trim()),
  };
}

/** Structured log of the process: one JSON line per event, or readable lines on a terminal. */
@Injectable()
export class Log implements LoggerService {
  readonly pino: Logger;

  constructor(config: Config) {
    const options: LoggerOptions = {
      level: config.log.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    };
    this.pino =
      config.log.format === 'pretty'
        ? pino(
            options,
            pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname', sync: true }),
          )
        : pino(options);
  }

  /** An event of the product: a short name and facts, no free text from outside. */
  event(level: 'debug' | 'info' | 'warn' | 'error', name: string, facts: Record<string, unknown> = {}): void {
    this.pino[level]({ event: name, ...facts });
  }

  /** A fault that nobody else reports. */
  fault(name: string, error: unknown, facts: Record<string, unknown> = {}): void {
    this.pino.error({ event: name, ...facts, ...safeError(error) });
  }

  log(message: unknown, context?: unknown): void {
    this.pino.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.pino.warn({ context }, String(message));
  }

  /** Nest passes a message, a stack and a context; errors that it catches itself come as the message. */
  error(message: unknown, ...rest: unknown[]): void {
    if (message instanceof Error) this.fault('nest.error', message);
    else this.pino.error({ context: rest.at(-1) }, String(message));
  }
}
