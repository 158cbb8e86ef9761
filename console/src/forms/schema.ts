/** Reads JSON schemas of the API's description as forms: fields, initial values, errors. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** The part of JSON Schema that the description uses. */
export interface Schema {
  type?: string;
  enum?: (string | number)[];
  const?: string | number;
  default?: Json;
  anyOf?: Schema[];
  $ref?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  description?: string;
}

export interface ApiDocument {
  components: { schemas: Record<string, Schema> };
}

interface Common {
  required: boolean;
  /** Accepts null. */
  nullable: boolean;
  initial: Json | undefined;
  description: string;
}
export type Field = Common &
  (
    | { kind: "object"; members: Record<string, Field> }
    | { kind: "list"; of: Field; least: number; most: number }
    | { kind: "choice"; values: (string | number)[] }
    | { kind: "choices"; values: string[]; least: number }
    | { kind: "switch"; off: string | number; on: string | number }
    | { kind: "number"; whole: boolean; least: number | undefined; above: number | undefined; most: number | undefined }
    | { kind: "text"; longest: number }
    | { kind: "any" }
  );

/** Texts with a higher maximum length are code or files, which do not fit a one-line field. */
const LONGEST_LINE = 1000;

/** Return the form of a schema; its members are followed through references. */
export function fieldOf(document: ApiDocument, schema: Schema, required = true): Field {
  const nullable = schema.anyOf?.some((each) => each.type === "null") ?? false;
  const inner = schema.anyOf?.find((each) => each.type !== "null") ?? schema;
  const target = inner.$ref ? resolve(document, inner.$ref) : inner;
  const common = {
    required,
    nullable,
    initial: schema.default,
    description: schema.description ?? target.description ?? "",
  };
  return { ...common, ...shape(document, target) } as Field;
}

/** Return a named schema's form. */
export function namedField(document: ApiDocument, name: string): Field {
  return fieldOf(document, resolve(document, `#/components/schemas/${name}`));
}

function resolve(document: ApiDocument, reference: string): Schema {
  const found = document.components.schemas[reference.replace("#/components/schemas/", "")];
  if (!found) throw new Error(`the description has no ${reference}`);
  return found;
}

function shape(document: ApiDocument, schema: Schema) {
  if (schema.properties) {
    const needed = new Set(schema.required);
    const members = Object.entries(schema.properties).map(([name, each]) => [
      name,
      fieldOf(document, each, needed.has(name)),
    ]);
    return { kind: "object", members: Object.fromEntries(members) as Record<string, Field> };
  }
  if (schema.type === "array") return listShape(document, schema);
  if (schema.const !== undefined) return { kind: "choice", values: [schema.const] };
  if (schema.enum) return choiceShape(schema.enum);
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum: least, exclusiveMinimum: above, maximum: most } = schema;
    return { kind: "number", whole: schema.type === "integer", least, above, most };
  }
  if (schema.type === "string") return { kind: "text", longest: schema.maxLength ?? LONGEST_LINE };
  return { kind: "any" };
}

function listShape(document: ApiDocument, schema: Schema) {
  const items = schema.items ?? {};
  const least = schema.minItems ?? 0;
  if (items.enum) return { kind: "choices", values: items.enum.map(String), least };
  return { kind: "list", of: fieldOf(document, items), least, most: schema.maxItems ?? 100 };
}

function choiceShape(values: (string | number)[]) {
  if (values.length === 2) {
    const [off, on] = values.includes("ON") ? ["OFF", "ON"] : values.includes("open") ? ["close", "open"] : [0, 1];
    if (values.includes(off) && values.includes(on)) return { kind: "switch", off, on };
  }
  return { kind: "choice", values };
}

/** Return the initial value of a field in a new form: its default, or an empty value of its kind if it is required. */
export function initialOf(field: Field): Json | undefined {
  if (field.initial !== undefined) return structuredClone(field.initial);
  if (!field.required) return field.nullable ? null : undefined;
  return emptyOf(field);
}

/** Return the initial value of an optional field that is added. */
export function emptyOf(field: Field): Json {
  switch (field.kind) {
    case "object": {
      const members = Object.entries(field.members).map(([name, each]) => [name, initialOf(each)] as const);
      return Object.fromEntries(members.filter((pair): pair is [string, Json] => pair[1] !== undefined));
    }
    case "list":
      return Array.from({ length: field.least }, () => emptyOf(field.of));
    case "choices":
      return [];
    case "choice":
      return field.values[0] ?? "";
    case "switch":
      return field.off;
    case "number":
      return field.least ?? (field.above === undefined ? 0 : (field.most ?? field.above + 1));
    case "text":
      return "";
    default:
      return null;
  }
}

export interface FieldError {
  path: string;
  what: "missing" | "least" | "most" | "above" | "whole" | "longest" | "items";
  limit: number;
}

/** Return the errors of a value, each with the path of its member (names joined by dots). */
export function errorsIn(field: Field, value: Json | undefined, path = ""): FieldError[] {
  if (value === undefined || value === null) {
    return field.required && !field.nullable ? [{ path, what: "missing", limit: 0 }] : [];
  }
  const under = (name: string | number) => (path ? `${path}.${name}` : String(name));
  switch (field.kind) {
    case "object": {
      const given = value as JsonObject;
      return Object.entries(field.members).flatMap(([name, each]) => errorsIn(each, given[name], under(name)));
    }
    case "list": {
      const items = value as Json[];
      const few: FieldError[] = items.length < field.least ? [{ path, what: "items", limit: field.least }] : [];
      return [...few, ...items.flatMap((each, index) => errorsIn(field.of, each, under(index)))];
    }
    case "choices":
      return (value as Json[]).length < field.least ? [{ path, what: "items", limit: field.least }] : [];
    case "number":
      return numberErrors(field, value as number | string, path);
    case "text":
      return textErrors(field, value as string, path);
    default:
      return [];
  }
}

function textErrors(field: Field & { kind: "text" }, value: string, path: string): FieldError[] {
  if (value === "" && field.required && field.initial === undefined) return [{ path, what: "missing", limit: 0 }];
  return value.length > field.longest ? [{ path, what: "longest", limit: field.longest }] : [];
}

function numberErrors(field: Field & { kind: "number" }, value: number | string, path: string): FieldError[] {
  if (typeof value !== "number") return [{ path, what: "missing", limit: 0 }];
  if (field.whole && !Number.isInteger(value)) return [{ path, what: "whole", limit: 0 }];
  if (field.least !== undefined && value < field.least) return [{ path, what: "least", limit: field.least }];
  if (field.above !== undefined && value <= field.above) return [{ path, what: "above", limit: field.above }];
  return field.most !== undefined && value > field.most ? [{ path, what: "most", limit: field.most }] : [];
}
