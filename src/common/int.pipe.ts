import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { AppError } from './app-error.js';

const MAX = 2 ** 31 - 1;

/** A whole number from 1 on in a path; the request's own pipe may have made it a number already. */
@Injectable()
export class IntPipe implements PipeTransform<string | number, number> {
  transform(value: string | number, { data }: ArgumentMetadata): number {
    const number = Number(value);
    if (/^[1-9]\d{0,9}$/.test(String(value)) && number <= MAX) return number;
    throw AppError.invalidParameter(data ?? 'number', 'This must be a whole number from 1 on.', 'integer');
  }
}
