import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Clock, SystemClock } from '../../common/clock.js';
import { Config } from './config.js';
import { PublicUrl } from './public-url.js';

/** Gives the configuration, the clock and the API's address to every module. */
@Global()
@Module({})
export class ConfigModule {
  static with(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useClass: SystemClock },
        PublicUrl,
      ],
      exports: [Config, Clock, PublicUrl],
    };
  }
}
