import type { ConnectorDefinition } from '../spi/index.js';

/** A type of source that a package brings. */
export interface Plugin {
  /** `name@version` of the package. */
  readonly from: string;
  readonly definition: ConnectorDefinition;
}

/** The plugins of this process, in the order of PLUGINS. */
export class Plugins {
  constructor(readonly all: readonly Plugin[] = []) {}
}
