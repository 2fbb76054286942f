import { type ParseError, printParseErrorCode } from "jsonc-parser";
import type { Complaint } from "../text.js";

/** A syntax error as a sentence about the place it was found at. */
export function syntaxComplaint(error: ParseError | undefined): Complaint {
  const [sentence, hint] = (error && SENTENCES[printParseErrorCode(error.error)]) ?? [
    "this is not JSON",
    "look at this place and just before it",
  ];
  return { sentence, hint };
}

const SENTENCES: Readonly<Record<string, readonly [sentence: string, hint: string]>> = {
  InvalidSymbol: ["this is no JSON value", "put text into double quotes"],
  InvalidNumberFormat: ["this is no JSON number", "write digits only, or put text into double quotes"],
  PropertyNameExpected: ["a key is missing here", "write keys in double quotes"],
  ValueExpected: ["a value is missing here", "write a value after the colon"],
  ColonExpected: ["a colon is missing here", 'write "key": value'],
  CommaExpected: ["a comma is missing before this", "put a comma after the entry before it"],
  CloseBraceExpected: ["a closing brace is missing here", "close every { with a }"],
  CloseBracketExpected: ["a closing bracket is missing here", "close every [ with a ]"],
  EndOfFileExpected: ["there is more after the end", "keep one object, in one pair of braces"],
  UnexpectedEndOfComment: ["this comment has no end", "close it with */"],
  UnexpectedEndOfString: ["this string has no end on its line", 'close it with "'],
  UnexpectedEndOfNumber: ["this number is cut off", "write it in full"],
  InvalidUnicode: ["this is no character", "write four hexadecimal digits after \\u"],
  InvalidEscapeCharacter: [
    "this string holds a backslash that stands for nothing",
    "write a backslash as \\\\, or use / in paths",
  ],
  InvalidCharacter: ["this string holds a control character", "take it out, or write it as \\t or \\n"],
};
