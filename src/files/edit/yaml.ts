import { type Document, isMap, isSeq, parseDocument, type ToStringOptions } from "yaml";
import type { Json } from "../jsonc-edit.js";
import { type Editor, NotUnderstood, type Place } from "./place.js";

/** As kubectl itself writes, and as people do: the layout that gives the text back as it is, if one does. */
const LAYOUTS: readonly ToStringOptions[] = [
  { lineWidth: 0, indentSeq: false },
  { lineWidth: 0, indentSeq: true },
  { lineWidth: 0, indentSeq: true, indent: 4 },
  { lineWidth: 0, indentSeq: false, indent: 4 },
];

/** YAML. The key `=NAME` stands for the entry of a list whose `name` is NAME, as in a kubeconfig. */
export const yamlEditor: Editor = {
  read(text, place) {
    const document = parsed(text);
    const path = resolved(document, place);
    const value = path && document.getIn(path);
    const plain = isMap(value) || isSeq(value) ? (value.toJSON() as Json) : value;
    return (plain ?? undefined) as Json | undefined;
  },
  write(text, place, value) {
    const document = parsed(text);
    const layout =
      LAYOUTS.find((each) => document.toString(each) === text) ?? (LAYOUTS[0] as ToStringOptions);
    const path = resolved(document, place);
    if (value === undefined) {
      if (path) document.deleteIn(path);
    } else if (path) {
      document.setIn(path, document.createNode(value));
    } else {
      const at = place.findIndex((key) => key.startsWith("="));
      const list = place.slice(0, at);
      const name = (place[at] ?? "").slice(1);
      const inner = place.slice(at + 1).reduceRight<Json>((part, key) => ({ [key]: part }), value);
      const entry = document.createNode({ name, ...(inner as object) });
      if (isSeq(document.getIn(list))) document.addIn(list, entry);
      else document.setIn(list, document.createNode([entry]));
    }
    return document.contents === null ? "" : document.toString(layout);
  },
};

function parsed(text: string): Document {
  const document = parseDocument(text, { logLevel: "silent" });
  const [first] = document.errors;
  if (first) throw new NotUnderstood(`it is not YAML: ${first.message.split("\n")[0] ?? ""}`);
  if (document.contents !== null && !isMap(document.contents))
    throw new NotUnderstood("it does not hold a mapping");
  return document as Document;
}

/** The path with numbers for `=NAME`; undefined where a list has no such entry. Throws where the way is blocked. */
function resolved(document: Document, place: Place): (string | number)[] | undefined {
  const path: (string | number)[] = [];
  for (const key of place) {
    const around = path.length === 0 ? document.contents : document.getIn(path);
    if (key.startsWith("=")) {
      if (around === undefined || around === null) return undefined;
      if (!isSeq(around)) throw new NotUnderstood(`${path.join(".")} is not a list in it`);
      const index = around.items.findIndex((item) => isMap(item) && item.get("name") === key.slice(1));
      if (index < 0) return undefined;
      path.push(index);
      continue;
    }
    if (around !== undefined && around !== null && !isMap(around))
      throw new NotUnderstood(`${path.join(".")} is not a mapping in it`);
    path.push(key);
  }
  return path;
}
