import { Global, Module } from '@nestjs/common';
import { CredentialsService } from './credentials.service.js';
import { KeyRing } from './key-ring.js';
import { LocalSecretBackend } from './local-secret-backend.js';
import { OrganizationKeys } from './organization-keys.js';
import { SecretBackend } from './secret-backend.js';

@Global()
@Module({
  providers: [
    KeyRing,
    OrganizationKeys,
    CredentialsService,
    { provide: SecretBackend, useClass: LocalSecretBackend },
  ],
  exports: [CredentialsService],
})
export class CredentialsModule {}
