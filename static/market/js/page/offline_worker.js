/**
 * The service worker, loaded by /service-worker.js (market/install.py), which says what belongs to it.
 *
 * It keeps the page for times without a connection, and what that page is made of; nothing else. Everything with a price
 * in it goes to the server, always: a page, the API and event streams are never answered from here.
 */
{
    const NOTES = "pricefeed-notes";
    const SINCE = "/since";
    const PREFIX = "pricefeed-shell-";
    const HASHED = /\.[0-9a-f]{12}\.\w+$/; // such a name is one content for ever

    const worker = /** @type {any} */ (self);
    /** @type {{ offline: string, shell: string[], version: string }} */
    const { offline, shell, version } = worker.pricefeed;
    const name = PREFIX + version;

    const install = async () => {
        const cache = await caches.open(name);
        await cache.addAll([offline, ...shell].map((address) => new Request(address, { cache: "reload" })));
        await worker.skipWaiting(); // no page depends on what another version kept
    };

    const activate = async () => {
        const others = (await caches.keys()).filter((each) => each.startsWith(PREFIX) && each !== name);
        await Promise.all(others.map((each) => caches.delete(each)));
        await worker.clients.claim();
    };

    /** @param {number} since ms since 1970: when the server was last heard */
    const note = async (since) => (await caches.open(NOTES)).put(SINCE, new Response(String(since)));

    /** @param {string} address */
    const kept = async (address) => (await caches.open(name)).match(address);

    /** @param {Request} request */
    const page = async (request) => {
        try {
            const response = await fetch(request);
            await note(Date.now());
            return response;
        } catch (error) {
            const response = await kept(offline);
            if (response) return response;
            throw error;
        }
    };

    /** @param {Request} request of a file of the shell */
    const file = async (request) => {
        const { pathname } = new URL(request.url);
        if (HASHED.test(pathname)) return (await kept(request.url)) ?? fetch(request);
        return fetch(request).catch(async (error) => {
            const response = await kept(request.url);
            if (response) return response;
            throw error;
        });
    };

    worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
    worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
    worker.addEventListener("message", (/** @type {any} */ event) => {
        if (typeof event.data?.lostAt === "number") event.waitUntil(note(event.data.lostAt));
    });
    worker.addEventListener("fetch", (/** @type {any} */ event) => {
        const { request } = event;
        const { origin, pathname, search } = new URL(request.url);
        if (origin !== location.origin) return;
        if (request.mode === "navigate") event.respondWith(page(request));
        else if (request.method === "GET" && shell.includes(pathname + search)) event.respondWith(file(request));
    });
}
