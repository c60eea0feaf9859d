import type { ConnectorDefinition } from '../spi/index.js';

/** Every connector of the product, in the order of the catalogue. A new one is one line here. */
export const CONNECTORS: readonly ConnectorDefinition[] = [];
