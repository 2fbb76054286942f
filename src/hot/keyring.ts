/** What a token in the keyring takes beside one in a file: half of the hot path's text, which others need not read. */
export { readKeyring } from "../store/keyring/read.js";
