/* The load generator: many clients of one server, in a few threads, driven by lines on stdin.
 *
 *   readers --port P [--sse] --paths FILE --clients N [--threads T] [--needle TEXT [--dated]] [--acks FILE]
 *           [--ready-updates U] [--stalled K] [--trickling K]
 *
 * Client i asks for line i (again from the top) of FILE. Commands, each answered by a line of JSON:
 *   connect   opens all clients; answers when each has its handshake and U updates, or after 60 s
 *   reset     forgets what was counted
 *   report    what was counted since
 *   quit
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "reading.h"

#define MAX_THREADS ACK_SLOTS
#define CONNECT_PATIENCE_US 60000000ull

typedef struct {
    Target target;
    int clients, threads, stalled, trickling;
    const char *paths_file;
    const char *acks_file;
    char **paths;
    int path_count;
} Options;

static void read_paths(Options *o) {
    FILE *file = fopen(o->paths_file, "r");
    if (!file) {
        perror(o->paths_file);
        exit(1);
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    while ((length = getline(&line, &room, file)) > 0) {
        line[strcspn(line, "\r\n")] = 0;
        o->paths = realloc(o->paths, sizeof(char *) * (size_t)(o->path_count + 1));
        o->paths[o->path_count++] = strdup(line);
    }
    free(line);
    fclose(file);
}

static Options read_options(int argc, char **argv) {
    Options o = {.target = {.host = "127.0.0.1", .needle = "\"quote_volume_24h\":"}, .clients = 1, .threads = 1};
    static const struct option names[] = {
        {"port", 1, 0, 'p'},    {"sse", 0, 0, 's'},   {"paths", 1, 0, 'f'}, {"clients", 1, 0, 'n'},
        {"threads", 1, 0, 't'}, {"needle", 1, 0, 'k'}, {"acks", 1, 0, 'a'}, {"ready-updates", 1, 0, 'u'},
        {"stalled", 1, 0, 'z'}, {"trickling", 1, 0, 'r'}, {"dated", 0, 0, 'd'}, {0}};
    int name;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'p') o.target.port = atoi(optarg);
        else if (name == 's') o.target.sse = true;
        else if (name == 'f') o.paths_file = optarg;
        else if (name == 'n') o.clients = atoi(optarg);
        else if (name == 't') o.threads = atoi(optarg);
        else if (name == 'k') o.target.needle = optarg;
        else if (name == 'd') o.target.dated = true;
        else if (name == 'a') o.acks_file = optarg;
        else if (name == 'u') o.target.ready_updates = (unsigned)atoi(optarg);
        else if (name == 'z') o.stalled = atoi(optarg);
        else if (name == 'r') o.trickling = atoi(optarg);
        else exit(2);
    }
    if (!o.paths_file || !o.target.port || o.threads < 1 || o.threads > MAX_THREADS) exit(2);
    read_paths(&o);
    return o;
}

/* Client i belongs to thread i % threads, so that stalled and normal ones are spread evenly. */
static void deal_clients(const Options *o, Reading *threads) {
    for (int i = 0; i < o->clients; i++) {
        Reading *t = &threads[i % o->threads];
        t->clients = realloc(t->clients, sizeof(Client) * (size_t)(t->count + 1));
        t->clients[t->count++] = (Client){
            .fd = -1,
            .kind = i < o->stalled ? READER_STALLED : i < o->stalled + o->trickling ? READER_TRICKLING : READER_NORMAL,
            .path = o->paths[i % o->path_count],
        };
    }
}

static void connect_all(const Options *o, Reading *threads) {
    uint64_t start = now_us();
    for (int i = 0; i < o->threads; i++) atomic_store(&threads[i].connect, true);
    uint64_t handshaken = 0, ready = 0;
    int failed = 0, missing = o->clients;
    while (missing && now_us() - start < CONNECT_PATIENCE_US) {
        usleep(2000);
        missing = failed = 0;
        for (int i = 0; i < o->threads; i++) {
            Progress p = reading_progress(&threads[i]);
            missing += p.missing;
            failed += p.failed;
            if (p.handshaken_at > handshaken) handshaken = p.handshaken_at;
            if (p.ready_at > ready) ready = p.ready_at;
        }
    }
    printf("{\"clients\":%d,\"failed\":%d,\"missing\":%d,\"handshaken_s\":%.4f,\"ready_s\":%.4f}\n", o->clients, failed,
           missing, handshaken ? (double)(handshaken - start) / 1e6 : 0, ready ? (double)(ready - start) / 1e6 : 0);
}

static void report_all(const Options *o, Reading *threads) {
    static Stats sum;
    memset(&sum, 0, sizeof sum);
    int open = 0;
    uint64_t since = now_us(), now = since;
    for (int i = 0; i < o->threads; i++) {
        uint64_t began = reading_collect(&threads[i], &sum, &open);
        if (began < since) since = began;
    }
    printf("{\"seconds\":%.6f,\"open\":%d,\"messages\":%lu,\"updates\":%lu,\"others\":%lu,\"bytes\":%lu,"
           "\"p50_us\":%lu,\"p99_us\":%lu,\"max_us\":%lu,\"age_max_us\":%lu}\n",
           (double)(now - since) / 1e6, open, sum.messages, sum.updates, sum.others, sum.bytes,
           histogram_quantile(&sum.latency, 0.5), histogram_quantile(&sum.latency, 0.99), sum.latency.max,
           sum.age_max);
}

static void obey(const Options *o, Reading *threads) {
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (!strcmp(line, "quit")) return;
        if (!strcmp(line, "connect")) connect_all(o, threads);
        else if (!strcmp(line, "report")) report_all(o, threads);
        else if (!strcmp(line, "reset")) {
            for (int i = 0; i < o->threads; i++) reading_reset(&threads[i]);
            printf("{}\n");
        } else printf("{\"error\":\"unknown command\"}\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv) {
    Options o = read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    Acks *acks = o.acks_file ? acks_map(o.acks_file) : NULL;
    Reading *threads = calloc((size_t)o.threads, sizeof(Reading));
    deal_clients(&o, threads);
    for (int i = 0; i < o.threads; i++) reading_start(&threads[i], &o.target, acks ? &acks->newest[i] : NULL);
    if (acks) atomic_store(&acks->threads, (uint32_t)o.threads);
    obey(&o, threads);
    return 0;
}
