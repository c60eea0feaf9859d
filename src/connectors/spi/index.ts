export { Type, type Static } from 'typebox';
export { AppError } from '../../common/app-error.js';
export * from './connector.js';
export * from './connector-error.js';
export * from './dial.js';
export * from './metadata.js';
export * from './meter.js';
export * from './spec.js';
export * from './version.js';
