import { Global, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ConnectorRegistry } from './connector-registry.js';
import { closeParsers } from './families/files/parser-pool.js';
import { Plugins } from './plugins/plugins.js';
import { EgressPolicies } from './runtime/egress-policies.service.js';
import { Egress } from './runtime/egress.service.js';
import { Opener } from './runtime/opener.service.js';
import { Prober } from './runtime/prober.service.js';
import { SessionPools } from './runtime/session-pools.service.js';
import { Tunnels } from './runtime/tunnel/tunnels.service.js';

@Global()
@Module({
  providers: [ConnectorRegistry, EgressPolicies, Egress, Tunnels, Opener, SessionPools, Prober],
  exports: [ConnectorRegistry, EgressPolicies, Egress, SessionPools, Prober, Tunnels],
})
export class ConnectorsModule implements OnApplicationShutdown {
  static with(plugins: Plugins): DynamicModule {
    return { module: ConnectorsModule, providers: [{ provide: Plugins, useValue: plugins }] };
  }

  onApplicationShutdown(): Promise<void> {
    return closeParsers();
  }
}
