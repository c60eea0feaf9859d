import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { Access } from './access.service.js';
import { ProbeRateGuard } from './probe-rate.guard.js';
import { RouteScan } from './route-scan.js';
import { TokenIssuer } from './token-issuer.js';
import { TokenVerifier } from './token-verifier.js';

/** Authentication and permissions for every route. Needs AuditModule beside it, which hears of refusals. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    TokenVerifier,
    TokenIssuer,
    Access,
    ProbeRateGuard,
    RouteScan,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [TokenIssuer, Access, ProbeRateGuard],
})
export class RbacModule {}
