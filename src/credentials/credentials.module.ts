import { Global, Module } from '@nestjs/common';
import { CredentialsService } from './credentials.service.js';
import { KeyRing } from './key-ring.js';
import { KeyStore } from './key-store.service.js';
import { KeysController } from './keys.controller.js';
import { LocalSecretBackend } from './local-secret-backend.js';
import { OrganizationKeys } from './organization-keys.js';
import { ReEncryption } from './re-encryption.service.js';
import { SecretBackend } from './secret-backend.js';

@Global()
@Module({
  controllers: [KeysController],
  providers: [
    KeyRing,
    OrganizationKeys,
    KeyStore,
    ReEncryption,
    CredentialsService,
    { provide: SecretBackend, useClass: LocalSecretBackend },
  ],
  exports: [CredentialsService],
})
export class CredentialsModule {}
