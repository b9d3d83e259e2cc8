/** The messages that tests/core/test_client_messages.py holds the server to. */
import { readFileSync } from "node:fs";

export function sampleText(name) {
    return readFileSync(new URL(`../support/messages/${name}.json`, import.meta.url), "utf8");
}
