/**
 * Reads a page again, as the server writes it now.
 */

const PATIENCE = 5000; // ms

/**
 * Throws what fetch throws, and an Error when the server refuses.
 * @param {string} address
 * @returns {Promise<Document>}
 */
export async function readPage(address) {
    const response = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return new DOMParser().parseFromString(await response.text(), "text/html");
}
