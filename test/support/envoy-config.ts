import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import protobuf from "protobufjs";

const require = createRequire(import.meta.url);
const folderOf = (name: string) => dirname(require.resolve(`${name}/package.json`));
/** Envoy's own definitions, as gRPC ships them for its xDS client, and those of Google they build on. */
const SOURCES = [
  ...["envoy-api", "googleapis", "protoc-gen-validate", "xds"].map((name) =>
    join(folderOf("@grpc/grpc-js-xds"), "deps", name),
  ),
  folderOf("protobufjs"),
];
const INTEGERS = new Set(["int32", "uint32", "sint32", "fixed32", "sfixed32"]);
const LONG_INTEGERS = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);
const NUMBERS = new Set(["double", "float"]);
const WRAPPER = /^\.google\.protobuf\.(\w+)Value$/;

const root = new protobuf.Root();
root.resolvePath = (_from, path) => {
  // A few (any, duration, wrappers) are no files: protobufjs has them inside, under the same names.
  return SOURCES.map((source) => join(source, path)).find((file) => existsSync(file)) ?? path;
};

/**
 * Holds a parsed configuration against Envoy's definition of `typeName` (`envoy.config.bootstrap.v3.Bootstrap`):
 * every field must exist under its own name and have a value of its type, no oneof is set twice, and each `Any` is
 * followed by its `@type`, and what Envoy requires is there. Answers one sentence for each thing that is wrong.
 */
export function complaints(typeName: string, config: unknown): string[] {
  return inMessage(messageType(typeName), config, "");
}

/** Finds a message by its full name and loads the package it belongs to. Throws where there is none. */
function messageType(name: string): protobuf.Type {
  const folder = name.split(".").slice(0, -1).join("/");
  for (const source of SOURCES) {
    const path = join(source, folder);
    if (!existsSync(path)) continue;
    const files = readdirSync(path).filter((file) => file.endsWith(".proto"));
    root.loadSync(
      files.map((file) => join(folder, file)),
      { keepCase: true },
    );
  }
  return root.lookupType(name);
}

function inMessage(type: protobuf.Type, value: unknown, path: string): string[] {
  switch (type.fullName) {
    case ".google.protobuf.Any":
      return inAny(value, path);
    case ".google.protobuf.Duration":
      return wrong(
        typeof value !== "string" || !/^\d+(\.\d{1,9})?s$/.test(value),
        path,
        'a duration ("5s")',
        value,
      );
    case ".google.protobuf.Struct":
      return wrong(!isObject(value), path, "an object", value);
  }
  const wrapped = WRAPPER.exec(type.fullName) && type.fields.value;
  if (wrapped) return inField(wrapped, value, path);
  if (!isObject(value)) return [`${path} must be an object (${type.name}), not ${shown(value)}`];

  const found: string[] = [];
  const chosen = new Map<string, string>();
  for (const [name, content] of Object.entries(value)) {
    const field = type.fields[name];
    if (!field) {
      found.push(`${at(path, name)} is no field of ${type.fullName.slice(1)}`);
      continue;
    }
    const oneof = field.partOf?.name;
    const rival = oneof === undefined ? undefined : chosen.get(oneof);
    if (rival !== undefined) found.push(`${at(path, name)} excludes ${rival}, one of ${oneof}`);
    if (oneof !== undefined) chosen.set(oneof, name);
    found.push(...inContainer(field.resolve(), content, at(path, name)));
  }
  return [...found, ...lacking(type, value, path)];
}

/** What Envoy's own validation rules (protoc-gen-validate) ask to be there and is not. */
function lacking(type: protobuf.Type, value: Record<string, unknown>, path: string): string[] {
  const required = Object.values(type.fields).filter(
    ({ name, options = {} }) =>
      !(name in value) &&
      (options["(validate.rules).message.required"] === true ||
        options["(validate.rules).any.required"] === true ||
        Number(options["(validate.rules).string.min_len"] ?? 0) > 0 ||
        Number(options["(validate.rules).repeated.min_items"] ?? 0) > 0),
  );
  // In a oneof only the one that is chosen has to keep its rules.
  const missing = required.filter((field) => field.partOf === null).map(({ name }) => name);
  for (const oneof of type.oneofsArray) {
    if (oneof.options?.["(validate.required)"] !== true) continue;
    if (!oneof.oneof.some((name) => name in value)) missing.push(oneof.oneof.join(" or "));
  }
  return missing.map((name) => `${at(path, name)} is missing in ${type.fullName.slice(1)}`);
}

function inAny(value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path} must be an object with "@type", not ${shown(value)}`];
  const { "@type": url, ...rest } = value;
  const name = typeof url === "string" ? /^type\.googleapis\.com\/([\w.]+)$/.exec(url)?.[1] : undefined;
  if (name === undefined) return [`${at(path, "@type")} must be type.googleapis.com/…, not ${shown(url)}`];
  let type: protobuf.Type;
  try {
    type = messageType(name);
  } catch {
    return [`${at(path, "@type")} names ${name}, which there is not`];
  }
  return inMessage(type, rest, path);
}

function inContainer(field: protobuf.Field, value: unknown, path: string): string[] {
  if (field.repeated) {
    if (!Array.isArray(value)) return [`${path} must be a list, not ${shown(value)}`];
    return value.flatMap((item, index) => inField(field, item, `${path}[${index}]`));
  }
  if (field.map) {
    if (!isObject(value)) return [`${path} must be an object, not ${shown(value)}`];
    return Object.entries(value).flatMap(([key, item]) => inField(field, item, at(path, key)));
  }
  return inField(field, value, path);
}

function inField(field: protobuf.Field, value: unknown, path: string): string[] {
  const { resolvedType: resolved, type } = field.resolve();
  if (resolved instanceof protobuf.Type) return inMessage(resolved, value, path);
  if (resolved instanceof protobuf.Enum) {
    const names = Object.keys(resolved.values);
    return wrong(!names.includes(String(value)), path, `one of ${names.join(", ")}`, value);
  }
  if (INTEGERS.has(type)) return wrong(!Number.isInteger(value), path, "a whole number", value);
  if (LONG_INTEGERS.has(type)) return wrong(!Number.isSafeInteger(value), path, "a whole number", value);
  if (NUMBERS.has(type)) return wrong(typeof value !== "number", path, "a number", value);
  if (type === "bool") return wrong(typeof value !== "boolean", path, "true or false", value);
  return wrong(typeof value !== "string", path, "a text", value);
}

function wrong(isWrong: boolean, path: string, wanted: string, value: unknown): string[] {
  return isWrong ? [`${path} must be ${wanted}, not ${shown(value)}`] : [];
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
