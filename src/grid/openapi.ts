import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';

/** A zod schema as JSON Schema of the draft OpenAPI 3.1 speaks. */
const jsonSchema = (schema: unknown, { schemaType }: { schemaType: 'input' | 'output' }): { schema: unknown } | undefined =>
  schema instanceof z.ZodType
    ? { schema: z.toJSONSchema(schema, { target: 'draft-2020-12', io: schemaType, unrepresentable: 'any' }) }
    : undefined;

/** What an answer is made of, for a response that names its content itself. */
export const answerSchema = (schema: z.ZodType): object => z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'output' });

/** The API's own description, made from the schemas that validate it. */
export const openApiDocument = (app: INestApplication, version: string): OpenAPIObject =>
  SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Heliograph')
      .setDescription('A virtual power plant: what it does now, what it plans, what it is asked for, what it delivered, and the proof.')
      .setVersion(version)
      .setOpenAPIVersion('3.1.0')
      .addBearerAuth()
      .addCookieAuth('vpp_session')
      .build(),
    { standardSchemaConverter: jsonSchema },
  );

/** Serves the document at /api/openapi.json and a page to browse it at /api/docs. */
export const serveOpenApi = (app: INestApplication, version: string): void => {
  SwaggerModule.setup('api/docs', app, () => openApiDocument(app, version), {
    jsonDocumentUrl: 'api/openapi.json',
    customSiteTitle: 'Heliograph API',
  });
};
