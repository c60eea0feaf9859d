import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AppError } from '../common/app-error.js';
import { ApiProblems } from '../common/problem.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import type { ConnectorDefinition } from '../connectors/spi/index.js';
import { RequirePermission } from '../rbac/access.decorator.js';
import { ConnectorTypeList, ConnectorTypeView } from './dto/views.dto.js';

/** The catalogue of types: what a form or a client needs to know to make a connection. */
@ApiTags('data-sources')
@Controller('data-sources/types')
export class TypesController {
  constructor(private readonly registry: ConnectorRegistry) {}

  @Get()
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'list_data_source_types', summary: 'List the types of data sources' })
  @ApiOkResponse({ type: ConnectorTypeList })
  @ApiProblems(401, 403)
  list(): ConnectorTypeList {
    return { items: this.registry.list().map((definition) => this.view(definition)) };
  }

  @Get(':type')
  @RequirePermission('data_sources:read')
  @ApiOperation({ operationId: 'get_data_source_type', summary: 'Get one type with its connection fields' })
  @ApiOkResponse({ type: ConnectorTypeView })
  @ApiProblems(401, 403, 404)
  get(@Param('type') type: string): ConnectorTypeView {
    const definition = this.registry.find(type);
    if (!definition) throw AppError.notFound('type of data source');
    return this.view(definition);
  }

  private view(definition: ConnectorDefinition): ConnectorTypeView {
    const { type, title, category, capabilities, spec, probe = 'session' } = definition;
    return {
      type,
      title,
      category,
      capabilities: [...capabilities],
      installed: this.registry.installed(definition),
      install_command: this.registry.installCommand(definition) ?? null,
      probe,
      plugin: this.registry.pluginOf(type) ?? null,
      spec: spec as unknown as Record<string, unknown>,
    };
  }
}
