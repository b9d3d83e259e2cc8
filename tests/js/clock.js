/** Time that moves when a test says so. `random` is always 0.5 unless told. */
export class Clock {
    #now;
    #timers = new Map();
    #last = 0;
    chance = 0.5;

    constructor(now = Date.parse("2026-01-10T12:00:00Z")) {
        this.#now = now;
        this.now = () => this.#now;
        this.random = () => this.chance;
        this.setTimeout = (call, ms) => {
            this.#last += 1;
            this.#timers.set(this.#last, { call, at: this.#now + ms });
            return this.#last;
        };
        this.clearTimeout = (timer) => this.#timers.delete(timer);
    }

    get waiting() {
        return this.#timers.size;
    }

    /** Passes time, running what falls due in its order. */
    pass(ms) {
        const end = this.#now + ms;
        for (let next = this.#next(end); next; next = this.#next(end)) {
            this.#timers.delete(next.id);
            this.#now = next.at;
            next.call();
        }
        this.#now = end;
    }

    /** The device sleeps: time goes by and nothing runs until it wakes. */
    sleep(ms) {
        this.#now += ms;
        for (const timer of this.#timers.values()) timer.at = Math.max(timer.at, this.#now);
        this.pass(0);
    }

    /** Somebody sets the clock; timers go on as before. */
    turn(ms) {
        this.#now += ms;
        for (const timer of this.#timers.values()) timer.at += ms;
    }

    #next(end) {
        const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        return due.length ? { id: due[0][0], ...due[0][1] } : null;
    }
}
