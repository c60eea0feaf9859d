import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EnumField } from '../common/fields.js';
import { ApiProblems } from '../common/problem.js';
import { Public } from '../rbac/access.decorator.js';
import { Readiness } from './readiness.service.js';

class ProbeView {
  @EnumField(['live', 'ready'], { name: 'ProbeStatus' })
  status!: 'live' | 'ready';
}

/** For whoever runs the process: no token, no organization, outside of the API's prefix. */
@ApiTags('probes')
@Controller('health')
export class ProbesController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'get_liveness', summary: 'Whether the process turns' })
  @ApiOkResponse({ type: ProbeView })
  live(): ProbeView {
    return { status: 'live' };
  }

  @Get('ready')
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ operationId: 'get_readiness', summary: 'Whether the process can serve requests now' })
  @ApiOkResponse({ type: ProbeView })
  @ApiProblems(503)
  async ready(): Promise<ProbeView> {
    await this.readiness.check();
    return { status: 'ready' };
  }
}
