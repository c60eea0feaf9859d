import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Clock, SystemClock } from '../../common/clock.js';
import { Config } from './config.js';

/** Gives the configuration and the clock to every module. */
@Global()
@Module({})
export class ConfigModule {
  static with(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [Config, Clock],
    };
  }
}
