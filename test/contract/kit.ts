/**
 * The contract suite for the author of a plugin: `import { describeConnector } from 'datawave-data-sources/contract'` in
 * a test file, run by `npx datawave-contract`. See docs/write-a-connector.md.
 */
export { describeConnector, type ContractFixture, type ContractSource } from './contract-suite.js';
export { makeTlsMaterial, type TlsMaterial } from '../support/certificates.js';
