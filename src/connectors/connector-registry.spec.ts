import { describe, expect, test } from '@jest/globals';
import { ConnectorRegistry } from './connector-registry.js';
import { Plugins } from './plugins/plugins.js';

const registry = new ConnectorRegistry(new Plugins());
const absent = {
  ...registry.get('postgresql'),
  driver: 'datawave-no-such-package',
  install: 'datawave-no-such-package@1.2.3',
};

describe('work that a type can never do here', () => {
  test('is let through where connector and driver are there', () => {
    expect(() => registry.requireFacet(registry.get('postgresql'), 'discover')).not.toThrow();
    expect(registry.installCommand(registry.get('postgresql'))).toBeUndefined();
  });

  test('is UNSUPPORTED where the connector has no such facet', () => {
    expect(() => registry.requireFacet(registry.get('other'), 'discover')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });

  test('is DRIVER_MISSING where the driver is not installed, with the command', () => {
    const hint =
      'Run "npm install datawave-no-such-package@1.2.3" where the product is installed, and restart it.';
    expect(() => registry.requireFacet(absent, 'discover')).toThrow(
      expect.objectContaining({ code: 'DRIVER_MISSING', details: { hint } }),
    );
  });

  test('has the name of the package as its command where no version is told', () => {
    const plain = { ...registry.get('postgresql'), driver: absent.driver };
    expect(registry.installCommand(plain)).toBe('npm install datawave-no-such-package');
  });
});
