/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/h5_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIPE_BYTES  1048576
#define SPARE_BYTES 268435456u /* what HDF5 itself may take */

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void limit(int resource, unsigned long long value)
{
    setrlimit(resource, &(struct rlimit){.rlim_cur = value, .rlim_max = value});
}

/* The address space that this process has already, in bytes; 0 when unknown. */
static unsigned long long address_space(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static void limit_address_space(size_t max_bytes)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)max_bytes, (void)address_space;
#else
    unsigned long long have = address_space();
    if (have)
        limit(RLIMIT_AS, have + 2ull * max_bytes + SPARE_BYTES);
#endif
}

/* The signals of the parent mean nothing here: a handler would run in the wrong process. */
static void reset_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXCPU, SIGXFSZ, SIGALRM};
    sigset_t none;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Never returns: no exit handler of the parent may run here. */
static _Noreturn void become_parser(const char *path, size_t max_bytes, int wall_ms,
                                    oac_h5_parser *parser, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    reset_signals();
    out = fcntl(out, F_DUPFD_CLOEXEC, 3); /* out of the way of the standard streams */
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++)
        dup2(nowhere, fd); /* what a dying HDF5 says is not for the user */
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, (unsigned long long)wall_ms / 1000 + 1);
    limit_address_space(max_bytes);
    _exit(parser(path, max_bytes, out));
}

enum oac_status oac_h5_guard_start(struct oac_h5_guard *guard, const char *path,
                                   size_t max_bytes, int wall_ms, oac_h5_parser *parser,
                                   struct oac_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return oac_fail(err, OAC_EIO, "%s: cannot make a pipe: %s", path, strerror(errno));
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* for speed only */
    pid_t child = fork();
    if (child < 0) {
        enum oac_status status =
            oac_fail(err, OAC_EIO, "%s: cannot start the parser: %s", path, strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return status;
    }
    if (child == 0) {
        close(ends[0]);
        become_parser(path, max_bytes, wall_ms, parser, ends[1]);
    }
    close(ends[1]);
    *guard = (struct oac_h5_guard){
        .child = child, .in = ends[0], .wall_ms = wall_ms, .deadline_ms = now_ms() + wall_ms};
    return OAC_OK;
}

bool oac_h5_guard_receive(struct oac_h5_guard *guard, void *data, size_t bytes)
{
    for (char *at = data; bytes > 0;) {
        long long left_ms = guard->deadline_ms - now_ms();
        struct pollfd waiting = {.fd = guard->in, .events = POLLIN};
        int ready = left_ms > 0 ? poll(&waiting, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            guard->timed_out = true;
        if (ready <= 0)
            return false;
        ssize_t got = read(guard->in, at, bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

enum oac_status oac_h5_guard_stop(struct oac_h5_guard *guard, const char *path,
                                  struct oac_err *err)
{
    /* A child whose stream ended is dying already: wait, so that its own signal is seen, not ours. */
    int how = 0;
    pid_t reaped = 0;
    close(guard->in);
    for (int waited_ms = 0; waited_ms < 200 && !guard->timed_out && reaped == 0; waited_ms++) {
        reaped = waitpid(guard->child, &how, WNOHANG);
        if (reaped == 0)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    if (reaped == 0) {
        kill(guard->child, SIGKILL);
        while ((reaped = waitpid(guard->child, &how, 0)) < 0 && errno == EINTR)
            ;
    }
    if (guard->timed_out)
        return oac_fail(err, OAC_EPARSE, "%s: not a readable HDF5 file (parser exceeded %d ms)",
                        path, guard->wall_ms);
    if (reaped > 0 && WIFSIGNALED(how))
        return oac_fail(err, OAC_EPARSE,
                        "%s: not a readable HDF5 file (parser killed by signal %d)", path,
                        WTERMSIG(how));
    return oac_fail(err, OAC_EPARSE,
                    "%s: not a readable HDF5 file (parser stopped with code %d)", path,
                    reaped > 0 ? WEXITSTATUS(how) : -1);
}
